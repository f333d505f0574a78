"""Her address is confirmed: a customer, access, contract, and what she asked for, or a person's turn."""

from collections.abc import Callable

from flask_babel import force_locale

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer, find_double, onboard
from portal.customers.terms_requests import Agreed, accept_at_once, shown_texts
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.i18n import said
from portal.linked.visitor import Signer
from portal.links import SignedLink
from portal.people.access import give_account
from portal.signups.models import SignUp, SignUpKind, offer_for
from portal.signups.offers import kinds_of
from portal.signups.trials import begin_trial
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.offered import offered_today
from portal.subscriptions.ordering import place_order
from portal.terms.in_force import stack_in_force
from portal.wording import N_


def check_texts(row: SignUp) -> None:
    """Raises Refused where other texts are in force than those that she agreed to."""
    if row.needs_terms and row.shown != shown_texts(stack_in_force(row.product.terms_stack, clock.today())):
        raise Refused(N_("Ces conditions ont changé depuis l'affichage de la page : relisez-les."))


def confirm(row: SignUp, link: SignedLink, visitor: dict[str, str]) -> None:
    """The code was right. What a rule refuses is undone and waits for a person of the house, with the reason.

    Raises Refused for texts that have changed, before anything is done.

    Source: 000-02, 000-09, 001-08, 001-09.
    """
    check_texts(row)
    signer = Signer(f"{row.typed['contact'][0]} ({link.recipient})")
    row.confirmed_at = clock.now()
    row._take("confirm", by=signer, asked=row.kind)
    if not _tried(row, lambda: _become_customer(row, link, visitor, signer)):
        row.customer = _double_of(row)
    elif row.needs_terms:
        _tried(row, lambda: _carry_out(row, link, signer))


def _double_of(row: SignUp) -> Customer | None:
    return find_double(row.organisation_id, row.typed.get("siren"), row.typed.get("siret"))


def _tried(row: SignUp, act: Callable[[], None]) -> bool:
    """Do it whole, or not at all, and keep why."""
    attempt = db.session.begin_nested()
    try:
        act()
        attempt.commit()
    except Refused as refusal:
        attempt.rollback()
        with force_locale("fr"):
            row.held_because = said(refusal)[:500]
        return False
    return True


def _become_customer(row: SignUp, link: SignedLink, visitor: dict[str, str], signer: Actor) -> None:
    """Raises Refused for a company whom this house serves already: its people are to say who she is."""
    typed = row.typed
    contact = tuple(typed.pop("contact"))
    double = _double_of(row)
    if double is not None:
        raise Refused(N_("Cette entreprise est déjà votre client : vérifiez qui demande."))
    house = db.session.get(Organisation, row.organisation_id)
    assert house is not None
    customer = onboard(house, contacts=dict.fromkeys(ContactRole, contact), by=signer, **typed)
    row.customer = customer
    if row.needs_terms:
        agreed = Agreed(row.signer_name, row.signer_role, row.shown)
        accept_at_once(customer, row.product.terms_stack, link, agreed, visitor)
    give_account(
        customer.organisation,
        email=link.recipient,
        name=contact[0],
        role=Role.CUSTOMER,
        language=customer.language,
        by=signer,
    )


def _carry_out(row: SignUp, link: SignedLink, signer: Actor) -> None:
    customer, offer = row.customer, offer_for(row.product)
    assert customer is not None
    if offer is None or row.kind not in kinds_of(offer) or not row.product.is_on_sale:
        raise Refused(N_("Cette offre ne se demande plus ainsi en ligne."))
    if row.kind == SignUpKind.TRIAL:
        trial = begin_trial(
            customer,
            row.product,
            address=link.recipient,
            days=offer.trial_days,
            seats=offer.trial_seats,
            by=signer,
        )
        row.outcome_uid = trial.uid
    else:
        row.outcome_uid = _order(row, customer, signer)
    row._take("settle", by=signer, outcome=row.outcome_uid)


def _order(row: SignUp, customer: Customer, signer: Actor) -> str:
    with scope(EVERYTHING):  # the reseller's own price lies above its customers
        offered = offered_today(customer, row.product)
    order = place_order(customer, row.product, row.quantity, row.method, by=signer, offered=offered)
    if order.method == Method.DIRECT_DEBIT:
        ask_for_mandate(order, by=signer)
    return order.uid
