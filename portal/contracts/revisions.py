"""New prices: decided for a product, announced to each running subscription, with the proof."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, or_, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.answers.rules.periods import price_kept_through
from portal.answers.rules.prices import first_day_of_new_price
from portal.billing.rules import check_price_change, earliest_price_change
from portal.catalogue.models import PriceRevision, Product
from portal.contracts.models import account_address
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.paging import Page, page_of
from portal.subscriptions.changes import billed_from
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.price_steps import NOTICE, PriceStep
from portal.terms.in_force import stack_in_force
from portal.terms.values import Value
from portal.wording import N_

LOCK = "price.lock_months"
TELL_PRICES = "contracts.tell_prices"  # the job that writes to the customers


@dataclass(frozen=True)
class FirstDay:
    """When one subscription would begin a period at the new price, and what holds it back."""

    subscription: Subscription
    on: date | None  # None: its contract lets no price change on the way
    kept_through: date | None


def notice_of(product: Product) -> Value | None:
    """The clause on new prices in the contract that the product is sold under today."""
    return stack_in_force(product.terms_stack, clock.today()).find(NOTICE)


def earliest_day(product: Product) -> date:
    """First day on which a price decided today may apply."""
    notice, today = notice_of(product), clock.today()
    return earliest_price_change(today, notice.value) if notice else today + timedelta(days=1)


def check_revision(product: Product, unit_cents: int, effective_on: date) -> None:
    """Raises Refused for a day that comes too early, or before that of a price already decided.

    Source: 000-26.
    """
    notice, today = notice_of(product), clock.today()
    try:
        check_price_change(today, effective_on, int(notice.value) if notice else 0)
    except Refused as refusal:
        raise Refused(refusal.template, field="effective_on", **refusal.values) from refusal
    if effective_on <= today:
        raise Refused(N_("Le nouveau prix s'applique au plus tôt demain."), field="effective_on")
    if any(revision.effective_on >= effective_on for revision in product.revisions):
        raise Refused(
            N_("Un autre prix est déjà décidé pour ce jour ou un jour plus lointain."), field="effective_on"
        )
    if unit_cents == product.price_on(effective_on):
        raise Refused(N_("Ce prix est déjà celui qui vaudra ce jour-là."), field="price")


def revise_price(product: Product, *, unit_cents: int, effective_on: date, by: Actor) -> PriceRevision:
    """Decide a new price; whoever has a running subscription is then told.

    Raises Refused as :func:`check_revision`.
    """
    check_revision(product, unit_cents, effective_on)
    owner = db.session.get_one(Organisation, product.organisation_id)
    revision = PriceRevision(
        organisation=owner,
        product_id=product.id,
        unit_cents=unit_cents,
        effective_on=effective_on,
        decided_by=by.label,
    )
    product.revisions.append(revision)
    db.session.flush()
    record(product, "revise_price", by=by, unit_cents=unit_cents, effective_on=effective_on.isoformat())
    jobs.enqueue(TELL_PRICES, revision.uid, owner, unit="subscriptions")
    return revision


def running(product: Product, on: date) -> Select[Any]:
    """The subscriptions of a product that still run on a day at its public price, not at a reseller's own."""
    return (
        select(Subscription)
        .where(Subscription.product_id == product.id, Subscription.price_uid.is_(None))
        .where(or_(Subscription.ends_on.is_(None), Subscription.ends_on > on))
        .order_by(Subscription.id)
    )


def first_day(subscription: Subscription, effective_on: date) -> FirstDay:
    """Told today, from which day does this subscription owe a new price? Its pinned contract says.

    Source: 000-23, 000-26.
    """
    notice, lock = subscription.terms.find(NOTICE), subscription.terms.find(LOCK)
    query = select(Order.ordered_on).where(Order.uid == subscription.order_uid)
    ordered_on = db.session.scalar(query) or subscription.started_on
    kept = price_kept_through(ordered_on, lock.value) if lock else None
    if notice is None:
        return FirstDay(subscription, None, kept)
    day = first_day_of_new_price(
        *billed_from(subscription, subscription.billed_before),
        billed_before=subscription.billed_before,
        effective_on=effective_on,
        told_on=clock.today(),
        notice_months=notice.value,
        kept_through=kept,
    )
    return FirstDay(subscription, day, kept)


def preview(product: Product, effective_on: date) -> Page[FirstDay]:
    """What a new price would mean for each subscription."""
    rows = page_of(running(product, effective_on), Subscription.id, name="rows")
    return Page((first_day(subscription, effective_on) for subscription in rows), rows.link)


def untold(revision: PriceRevision, after: int) -> Iterator[Subscription]:
    """The running subscriptions, ordered before the new price, that have no step for it yet."""
    has_step = select(PriceStep.id).where(
        PriceStep.subscription_id == Subscription.id, PriceStep.revision_id == revision.id
    )
    query = (
        running(revision.product, clock.today())
        .join(Order, Order.uid == Subscription.order_uid)
        .where(Order.ordered_on < revision.effective_on, ~has_step.exists(), Subscription.id > after)
    )
    yield from list(db.session.scalars(query))


def announce(subscription: Subscription, revision: PriceRevision) -> PriceStep | None:
    """Write to the customer of one subscription; None where its price cannot change, or it ends before.

    Source: 000-26, 003-08.
    """
    day = first_day(subscription, revision.effective_on).on
    if day is None or (subscription.ends_on is not None and subscription.ends_on <= day):
        return None
    return tell_step(subscription, day, revision.unit_cents, revision_id=revision.id)


def tell_step(subscription: Subscription, day: date, unit_cents: int, **decided: int) -> PriceStep:
    """Keep a new price of a running contract with its first day, and write to the customer.

    decided: the id of the public price (``revision_id``) or of the reseller's (``reseller_price_id``).
    """
    customer = subscription.customer
    step = PriceStep(
        organisation=customer.organisation,
        subscription_id=subscription.id,
        effective_on=day,
        unit_cents=unit_cents,
        recipient=account_address(customer),
        mail_uid="",
        **decided,
    )
    db.session.add(step)
    db.session.flush()
    if step.recipient:
        mail = queue_mail(
            customer.person_at(step.recipient),
            "contracts/mail_price.txt",
            about=subscription,
            owner=customer.organisation,
            language=customer.language,
            subscription=subscription,
            step=step,
            notice=subscription.terms.get(NOTICE),
            entity=subscription.legal_entity,
        )
        step.mail_uid = mail.uid
    return step
