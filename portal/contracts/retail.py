"""A reseller's new retail price on running contracts: announced as the provider's is, with its notice."""

from collections.abc import Iterator
from typing import Any

from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, func, or_, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.catalogue.price_lists import (
    PriceKind,
    ResellerPrice,
    price_word,
    retail_decided,
    retail_withdrawn,
)
from portal.contracts.revisions import first_day, tell_step
from portal.customers.models import Customer
from portal.db import db
from portal.mail import queue_mail
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.price_steps import PriceStep

TELL_RETAIL = "contracts.tell_retail"  # the job that writes to the customers
RECALL_RETAIL = "contracts.recall_retail"  # and that writes to them again


def _beside(price: ResellerPrice) -> tuple[ColumnElement[bool], ...]:
    """The retail prices of the same reseller and product."""
    same = (
        ResellerPrice.organisation_id == price.organisation_id,
        ResellerPrice.product_id == price.product_id,
    )
    return *same, ResellerPrice.kind == PriceKind.RETAIL


def _untold(price: ResellerPrice) -> Select[tuple[Subscription]]:
    """What the reseller sold at an own price before this one, runs still, and has no step for it yet."""
    has_step = select(PriceStep.id).where(
        PriceStep.subscription_id == Subscription.id, PriceStep.reseller_price_id == price.id
    )
    own = select(ResellerPrice.uid).where(*_beside(price), ResellerPrice.id != price.id)
    return (
        select(Subscription)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(Order, Order.uid == Subscription.order_uid)
        .where(
            Customer.reseller_id == price.organisation_id,
            Subscription.price_uid.in_(own),
            Order.ordered_on <= price.effective_on,
            or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today()),
            ~has_step.exists(),
        )
        .order_by(Subscription.id)
    )


def untold(price: ResellerPrice, after: int) -> Iterator[Subscription]:
    """The running subscriptions that follow this price and were not told of it; after: id of one."""
    yield from list(db.session.scalars(_untold(price).where(Subscription.id > after)))


def announce_retail(subscription: Subscription, price: ResellerPrice) -> PriceStep | None:
    """Write to the customer of one subscription; None where nothing changes for her.

    That is where her contract lets no price change, ends before, has this price, or follows a later one by
    then; and where the price was withdrawn.

    Source: 000-23, 000-26, 003-08.
    """
    day = first_day(subscription, price.effective_on).on
    if day is None or (subscription.ends_on is not None and subscription.ends_on <= day):
        return None
    steps = [step for step in subscription.price_steps if step.recalled_on is None]
    known = steps[0].unit_cents if steps else subscription.unit_cents
    is_overtaken = any(step.effective_on >= day for step in steps) and _has_later(price)
    if price.withdrawn_on is not None or is_overtaken or known == price.unit_cents:
        return None
    return tell_step(subscription, day, price.unit_cents, reseller_price_id=price.id)


def _has_later(price: ResellerPrice) -> bool:
    later = ResellerPrice.withdrawn_on.is_(None), ResellerPrice.effective_on > price.effective_on
    query = select(ResellerPrice.id).where(*_beside(price), *later)
    return db.session.scalar(query.exists().select()) or False


def _owner(price: ResellerPrice) -> Organisation:
    return db.session.get_one(Organisation, price.organisation_id)


@retail_decided.connect
def ask_to_tell(price: ResellerPrice, *, by: Actor) -> None:
    jobs.enqueue(TELL_RETAIL, price.uid, _owner(price), unit="subscriptions")


@retail_withdrawn.connect
def ask_to_recall(price: ResellerPrice, *, by: Actor) -> None:
    jobs.enqueue(RECALL_RETAIL, price.uid, _owner(price), unit="subscriptions")


def _price(claim: jobs.Claim) -> ResellerPrice:
    query = select(ResellerPrice).where(ResellerPrice.uid == claim.ref.split(":")[0])
    return db.session.scalars(query).one()


@jobs.job(TELL_RETAIL)
def tell_retail(claim: jobs.Claim) -> None:
    """One subscription is one step; whoever was told of this price already is passed over."""
    price = _price(claim)
    for subscription in untold(price, after=int(claim.cursor or 0)):
        announce_retail(subscription, price)
        claim.step(cursor=str(subscription.id))


@jobs.job(RECALL_RETAIL)
def recall_retail(claim: jobs.Claim) -> None:
    """What no period has begun with is withdrawn, and whoever was told of it is told that too."""
    query = select(PriceStep).where(
        PriceStep.reseller_price_id == _price(claim).id,
        PriceStep.recalled_on.is_(None),
        PriceStep.id > int(claim.cursor or 0),
    )
    for step in db.session.scalars(query.order_by(PriceStep.id)).all():
        subscription = db.session.get_one(Subscription, step.subscription_id)
        if step.effective_on >= subscription.billed_before:
            recall(step, subscription)
        claim.step(cursor=str(step.id))


def recall(step: PriceStep, subscription: Subscription) -> None:
    """It is owed by no period, and the customer is told so if she was told of it."""
    step.recalled_on = clock.today()
    if not step.mail_uid:
        return
    customer = subscription.customer
    queue_mail(
        customer.person_at(step.recipient),
        "contracts/mail_price_recalled.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        step=step,
        entity=subscription.legal_entity,
    )


@jobs.periodic("contracts.retail", jobs.daily)
def look_at_retail() -> None:
    """Every day: announce to the subscriptions that began since, from an older order."""
    query = select(ResellerPrice).where(
        ResellerPrice.kind == PriceKind.RETAIL, ResellerPrice.withdrawn_on.is_(None)
    )
    for price in db.session.scalars(query.order_by(ResellerPrice.id)).all():
        if next(untold(price, after=0), None):
            ref = f"{price.uid}:{clock.today()}"
            jobs.enqueue(TELL_RETAIL, ref, _owner(price), unit="subscriptions")


@price_word(rank=10)
def how_many_were_told(price: ResellerPrice) -> str | None:
    """On the price list: of how many running contracts it is announced."""
    if price.kind != PriceKind.RETAIL:
        return None
    told: Any = select(func.count(PriceStep.id)).where(
        PriceStep.reseller_price_id == price.id, PriceStep.recalled_on.is_(None)
    )
    number = db.session.scalar(told) or 0
    if not number:
        return None
    return ngettext("annoncé à %(num)d contrat en cours", "annoncé à %(num)d contrats en cours", number)
