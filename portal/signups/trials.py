"""A trial: begun, warned of, extended once, ended, and taken into production."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.actor import Actor
from portal.catalogue.models import Method, Product
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, new_uid, scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.licensing.models import issue_key
from portal.licensing.rules import KeyEnd
from portal.mail import queue_mail
from portal.resellers.models import issuer_for
from portal.resellers.reseller import check_may_sell
from portal.signups.models import WARN_DAYS, Trial, TrialState, settings
from portal.signups.rules import last_day
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order, Subscription, order_delivered
from portal.subscriptions.offered import offered_today
from portal.subscriptions.offers import check_offer, ways_to_pay
from portal.subscriptions.order_states import WAITING
from portal.subscriptions.ordering import place_order
from portal.terms.in_force import stack_in_force
from portal.wording import N_

_TWICE = N_("Cette offre a déjà été essayée : un essai par client et par adresse.")


def has_tried(product: Product, *, address: str = "", customer: Customer | None = None) -> bool:
    """Was this offer tried before, by this customer or with this address, in whatever house?

    Source: 000-09.
    """
    asked = Trial.address.digest(_plain(address))
    same = [Trial.address_index == asked] if address else []
    same += [Trial.customer_id == customer.id] if customer is not None else []
    with scope(EVERYTHING):
        query = select(Trial.id).where(Trial.product_id == product.id, or_(*same))
        return db.session.scalar(query) is not None


def _plain(address: str) -> str:
    return address.strip().lower()


def begin_trial(
    customer: Customer, product: Product, *, address: str, days: int, seats: int, by: Actor
) -> Trial:
    """A trial that costs nothing: its key works until the last of so many days, and no bill knows of it.

    Raises Refused for terms that are not accepted, an offer that is not open to this customer, a second trial
    of the same offer, and a house that may not sell.

    Source: 000-02, 000-09, 001-08, 001-32.
    """
    check_may_sell(customer.org_path)
    terms = stack_in_force(product.terms_stack, clock.today())
    if not customer.has_accepted(terms):
        raise Refused(_("Les conditions en vigueur ne sont pas acceptées."))
    check_offer(customer, product, terms, health_data=customer.health_data)
    if has_tried(product, address=address, customer=customer):
        raise Refused(_TWICE)
    trial = Trial(
        organisation=customer.organisation,
        customer=customer,
        product=product,
        product_name=product.name,
        terms_stack=product.terms_stack,
        terms_versions=terms.versions,
        seats=seats,
        state=TrialState.TRIAL,
        started_on=clock.today(),
        ends_on=last_day(clock.today(), days),
    )
    trial.address = _plain(address)
    db.session.add(trial)
    try:
        db.session.flush()
    except IntegrityError as twin:  # two that began at the same moment
        raise Refused(_TWICE) from twin
    trial._take("begin", by=by, ends_on=trial.ends_on.isoformat())
    if product.has_keys:
        key = issue_key(
            customer,
            product=product.name,
            product_code=product.key_product,
            seats=seats,
            valid_through=trial.ends_on,
            source_uid=trial.uid,
            by=by,
        )
        trial.key_uid = key.uid
    db.session.flush()
    _tell(trial, "signups/mail_trial.txt", urgent=True)
    return trial


def extend_trial(trial: Trial, days: int, because: str, *, by: Actor) -> None:
    """So many days more, once, for a reason that the journal keeps.

    Raises IllegalStep once it has ended, Refused for a second time.
    """
    if trial.extended_on is not None:
        raise Refused(_("Cet essai a déjà été prolongé une fois."))
    if clock.today() > trial.ends_on:
        raise Refused(_("Cet essai est terminé."))
    before, after = trial.ends_on, last_day(trial.ends_on, days)
    trial._take("extend", by=by, reason=because, ended_on=before.isoformat(), ends_on=after.isoformat())
    trial.ends_on, trial.extended_on, trial.extended_because = after, clock.today(), because
    trial.warned_on = None
    if key := trial.key:
        key.follow(KeyEnd(after, after), key.suspended_on, by=by)


def waiting_order(trial: Trial) -> Order | None:
    """The order that takes it into production, while it waits for its payment or mandate."""
    query = select(Order).where(Order.uid == trial.order_uid, Order.state.in_(WAITING))
    return db.session.scalars(query).one_or_none() if trial.order_uid else None


def price_of(trial: Trial) -> int | None:
    """Today's price of one unit in cents, for its billing period; None where nobody may sell it now."""
    if not trial.product.is_on_sale:
        return None
    try:
        with scope(EVERYTHING):  # the reseller's own price lies above the customer, who may be acting
            return offered_today(trial.customer, trial.product).unit_cents
    except Refused:  # the reseller's price lies below its floor
        return None


def means_of(trial: Trial) -> tuple[Method, ...]:
    """How its customer may pay for what she tried.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    terms = stack_in_force(trial.product.terms_stack, clock.today())
    with scope(EVERYTHING):  # who bills her may stand above her
        return ways_to_pay(trial.product, terms, trial.customer.kind, issuer_for(trial.customer))


def go_on(trial: Trial, quantity: int, method: Method, *, by: Actor) -> Order:
    """Order what was tried: key and machines stay, and the key's end moves once the order is paid.

    Raises Refused like :func:`place_order`, and where an order of it waits already.

    Source: 000-09, 000-10, 000-17.
    """
    if not trial.can("produce"):
        raise Refused(_("Cet essai est déjà en production."))
    if waiting_order(trial) is not None:
        raise Refused(_("Une commande de cet essai attend déjà son paiement ou son mandat."))
    if not trial.product.is_on_sale:
        raise Refused(_("%(product)s n'est plus en vente.", product=trial.product_name))
    uid = new_uid()
    trial.order_uid = uid
    if key := trial.key:
        key.source_uid = uid
    db.session.flush()
    with scope(EVERYTHING):
        offered = offered_today(trial.customer, trial.product)
    order = place_order(trial.customer, trial.product, quantity, method, by=by, uid=uid, offered=offered)
    if order.method == Method.DIRECT_DEBIT:
        ask_for_mandate(order, by=by)
    return order


@order_delivered.connect
def produce(order: Order, *, subscription: Subscription) -> None:
    """In the transaction that delivers its order: the trial is over, and production begins.

    Source: 000-09; D (TRIAL -> ACTIVE).
    """
    query = select(Trial).where(Trial.order_uid == order.uid)
    for trial in db.session.scalars(query):
        trial._take("produce", by=SYSTEM, order=order.uid)
        trial.produced_on = subscription.started_on


def warn_from(trial: Trial) -> date:
    """The first day on which its end is announced."""
    rules = settings()
    return trial.ends_on - timedelta(days=rules.warn_days if rules else WARN_DAYS)


def look_at(trial: Trial) -> None:
    """What today asks of it: the word before its end, or the end itself. Twice on a day it does nothing more.

    Source: 000-09.
    """
    if trial.state != TrialState.TRIAL:
        return
    if clock.today() > trial.ends_on:
        trial._take("end", by=SYSTEM)
        _tell(trial, "signups/mail_trial_ended.txt")
    elif clock.today() >= warn_from(trial) and trial.warned_on is None:
        trial.warned_on = clock.today()
        _tell(trial, "signups/mail_trial_ends.txt")


def _tell(trial: Trial, template: str, **more: Any) -> None:
    customer = trial.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        template,
        about=trial,
        owner=customer.organisation,
        language=customer.language,
        trial=trial,
        licence=trial.key,
        **more,
    )
