"""Ask for another means of payment, let it count, and let it go."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.payment_rules import check_mandate
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.means.planning import awaited_mandate, check_open, first_free_period, is_wanted_elsewhere
from portal.resellers.models import issuer_for
from portal.sepa.models import Mandate, MandateState, find_usable_mandate, request_mandate
from portal.subscriptions.models import Subscription
from portal.subscriptions.offers import check_means

WAIT_DAYS = 60  # for the signature; the bank of a mandate between businesses may take longer


def ask_means(subscription: Subscription, method: Method, seen: str, *, by: Actor) -> None:
    """Pay by another means from the first free period on; the present one again ends the wish.

    A debit waits for a mandate where none can be used yet: one is asked for, and until it is signed the
    present means counts. The caller holds the row. seen: the first day that was on the page. Raises Refused
    for a means that the contract does not have, beside another wish, and when another day counts by now.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    if method == subscription.method and subscription.coming_method is not None:
        cancel_means(subscription, by=by)
        return
    if method == subscription.method:
        raise Refused(_("Ce contrat se paie déjà ainsi."), field="method")
    if subscription.coming_method is not None:
        raise Refused(_("Un autre moyen de paiement est déjà demandé : annulez d'abord cette demande."))
    effective_on = first_free_period(subscription)
    check_open(subscription, effective_on)
    check_means(subscription.product, subscription.terms.on(effective_on), method, subscription.customer)
    if seen != effective_on.isoformat():
        raise Refused(_("Le jour a changé depuis l'affichage de la page : relisez-le."))
    with scope(EVERYTHING):  # the creditor, who numbers the mandate, lies above who is asking
        _note(subscription, method, by=by)
        db.session.flush()


def _note(subscription: Subscription, method: Method, *, by: Actor) -> None:
    customer, entity = subscription.customer, issuer_for(subscription.customer)
    mandate = find_usable_mandate(customer, entity, clock.today())
    waits = method == Method.DIRECT_DEBIT and mandate is None
    requested = None
    if waits and awaited_mandate(subscription) is None:
        requested = request_mandate(customer, entity, by=by)[0].uid
    subscription.wish_method(method, mandate_uid=requested, by=by)
    if waits:
        _tell(subscription, "means/mail_asked.txt", mandate=awaited_mandate(subscription))
    else:
        agree(subscription, mandate, by=by)


def agree(subscription: Subscription, mandate: Mandate | None, *, by: Actor) -> None:
    """What is asked for counts, from the period that is free today; who gets the invoices is told.

    Source: 003-49, 001-12.
    """
    method = subscription.coming_method
    check_mandate(method.value if method else "", has_usable_mandate=mandate is not None)
    subscription.agree_method(first_free_period(subscription), by=by)
    _tell(subscription, "means/mail_agreed.txt", mandate=mandate)


def cancel_means(subscription: Subscription, *, by: Actor) -> None:
    """By a person, until a period is charged so. Raises Refused where nothing is asked for."""
    if subscription.coming_method is None:
        raise Refused(_("Aucun autre moyen de paiement n'est demandé."))
    _end(subscription, "cancelled", by=by)


def _end(subscription: Subscription, reason: str, *, by: Actor) -> None:
    wanted = subscription.coming_method
    with scope(EVERYTHING):
        _take_request_back(subscription, by=by)
        subscription.drop_method(reason, by=by)
        _tell(subscription, "means/mail_dropped.txt", wanted=wanted, reason=reason)
        db.session.flush()


def _take_request_back(subscription: Subscription, *, by: Actor) -> None:
    """Nobody is reminded of a mandate that the wish alone had asked for."""
    if subscription.coming_mandate_uid is None or is_wanted_elsewhere(subscription):
        return
    # One that is being signed at this moment is held by its signatory, and stays.
    query = select(Mandate).where(Mandate.uid == subscription.coming_mandate_uid)
    held = query.with_for_update(of=Mandate, skip_locked=True)
    mandate = db.session.scalars(held).one_or_none()
    if mandate is not None and mandate.state == MandateState.SENT:
        mandate.revoke(received_on=clock.today(), notice_months=0, by=by)


def drop_ended(subscription: Subscription) -> None:
    """The contract ends before the wish could count. Its end is told by itself."""
    if subscription.coming_method is None or subscription.ends_on is None:
        return
    if subscription.ends_on <= (subscription.coming_method_from or first_free_period(subscription)):
        with scope(EVERYTHING):
            _take_request_back(subscription, by=SYSTEM)
            subscription.drop_method("ended", by=SYSTEM)
            db.session.flush()


def go_on(subscription: Subscription) -> None:
    """What a day does to a wish that waits for a mandate: it counts, waits on, or ends and is told.

    It ends with the request that it made, refused or taken back, and 60 days after nobody has signed.

    Source: 003-49.
    """
    asked_on = subscription.coming_method_asked_on
    if not subscription.waits_for_mandate or asked_on is None:
        return
    customer, entity = subscription.customer, issuer_for(subscription.customer)
    mandate = find_usable_mandate(customer, entity, clock.today())
    if mandate is not None:
        agree(subscription, mandate, by=SYSTEM)
    elif not _may_wait(subscription, asked_on):
        _end(subscription, "unsigned", by=SYSTEM)


def _may_wait(subscription: Subscription, asked_on: date) -> bool:
    mandate = awaited_mandate(subscription)
    late = clock.today() >= asked_on + timedelta(days=WAIT_DAYS)
    return mandate is not None and (mandate.state != MandateState.SENT or not late)


def _tell(subscription: Subscription, template: str, **values: Any) -> None:
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.BILLING),
        template,
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        signatory=customer.contact(ContactRole.SIGNATORY),
        **values,
    )
