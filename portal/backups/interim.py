"""A running month far beyond the usual: finance is told, and may bill what was used so far at once."""

from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.backups.metering import Month, interim_origin, months_of, on_demand
from portal.billing.models import Charge, Invoice
from portal.billing.rules import is_unusual
from portal.billing.run import Bill, bill_charges
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Subscription, SubscriptionState

_USUAL_MONTHS = 12  # the last ones, of which the mean is the usual


@jobs.periodic("usage.unusual", jobs.daily)
def note_unusual_usage() -> None:
    """Every day: running months whose use is far beyond the usual; those that are over need nobody.

    Source: 003-46.
    """
    for subscription in on_demand(Subscription.state != SubscriptionState.WITHDRAWN):
        _close_past(subscription)
        allowed = subscription.present_terms.find("billing.intermediate_invoice")
        percent = subscription.legal_entity.interim_percent
        if allowed is None or not allowed.value or not percent:
            continue
        months = months_of(subscription)
        running = next((month for month in months if month.starts_on == _this_month()), None)
        usual = _usual_gb(subscription, months)
        if running is not None and usual is not None and is_unusual(running.gb, usual, percent):
            _note(subscription, running, usual)


def _this_month() -> date:
    return clock.today().replace(day=1)


def _usual_gb(subscription: Subscription, months: list[Month]) -> int | None:
    """The mean of the whole months before this one, in GB; None before there was one."""
    whole = [m for m in months if subscription.started_on <= m.starts_on < _this_month()][-_USUAL_MONTHS:]
    return sum(month.mean_gb for month in whole) // len(whole) if whole else None


def _gap_of(subscription: Subscription, month: date) -> UsageGap | None:
    query = select(UsageGap).where(
        UsageGap.subscription_id == subscription.id,
        UsageGap.kind == GapKind.UNUSUAL,
        UsageGap.period_on == month,
    )
    return db.session.scalars(query).one_or_none()


def _note(subscription: Subscription, month: Month, usual_gb: int) -> None:
    """Once for a month; what was decided stays."""
    gap = _gap_of(subscription, month.starts_on)
    cents = month.gb * (subscription.gb_month_cents or 0)
    if gap is None:
        gap = UsageGap(
            organisation=subscription.customer.organisation,
            subscription=subscription,
            kind=GapKind.UNUSUAL,
            period_on=month.starts_on,
            contracted=usual_gb,
            used=month.gb,
            extra_cents=cents,
            state=GapState.OPEN,
            note="",
            decided_by="",
        )
        db.session.add(gap)
        db.session.flush()
        record(gap, "notice", by=SYSTEM)
    elif gap.state == GapState.OPEN:
        gap.used, gap.contracted, gap.extra_cents = month.gb, usual_gb, cents


def _close_past(subscription: Subscription) -> None:
    query = select(UsageGap).where(
        UsageGap.subscription_id == subscription.id,
        UsageGap.kind == GapKind.UNUSUAL,
        UsageGap.state == GapState.OPEN,
        UsageGap.period_on < _this_month(),
    )
    for gap in db.session.scalars(query):
        gap.dismiss(_("Le mois est fini : il est facturé en entier."), by=SYSTEM)


def bill_interim(gap: UsageGap, *, by: Actor) -> Invoice:
    """Issue an invoice for what a running month has used so far; the month's own invoice deducts it.

    Raises Refused once the month is over: its invoice says it all.

    Source: 003-46, 003-47 (its due day), 003-48.
    """
    if gap.period_ends_on <= clock.today():
        raise Refused(_("Le mois est fini : il est facturé en entier."))
    gap.bill(by=by)
    subscription = gap.subscription
    with force_locale(subscription.customer.language):
        label = _(
            "%(product)s, volume gardé du 1er au %(day)s, en Go (facture intermédiaire)",
            product=subscription.product_name,
            day=f"{clock.today():%d/%m/%Y}",
        )
    origin = interim_origin(subscription, gap.period_on)
    subscription.owe(
        origin=origin,
        label=label,
        quantity=gap.used,
        clause=gap.clause.clause if gap.clause else "",
        unit_cents=subscription.gb_month_cents or 0,
    )
    charge = db.session.scalars(select(Charge).where(Charge.origin == origin)).one()
    due_rule = charge.due_rule or None
    bill = Bill(subscription.customer, [charge], charge.method, due_rule)
    (invoice,) = bill_charges([bill], issuer_for(subscription.customer))
    return invoice
