"""What a withdrawal or an end gives back: credit notes on its invoices, the newest first."""

from datetime import date, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import clock, jobs
from portal.actor import Actor
from portal.answers.rules.consumers import used_share_cents
from portal.billing.balance import SURPLUS_DAYS, position_of
from portal.billing.credit_models import CreditNote, CreditReason
from portal.billing.credit_notes import Part, charge_of, issue_credit_note, rest_of, share_of
from portal.billing.models import Charge, Invoice, InvoiceLine, is_pending
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.called_off import called_off_cents, is_called_off
from portal.subscriptions.changes import billed_period
from portal.subscriptions.models import Order, Subscription, SubscriptionState
from portal.subscriptions.periods import period_label

_KINDS = ("subscription", "change")  # of charges: a period, and what a change in the middle of one added


def lines_of(subscription: Subscription) -> list[InvoiceLine]:
    """The invoiced periods of a subscription that its present customer was billed, the newest first."""
    mine = _of(subscription), Charge.customer_id == subscription.customer_id
    invoices = select(Charge.invoice_id).where(*mine, Charge.invoice_id.is_not(None))
    query = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoices))
    lines = db.session.scalars(query.order_by(InvoiceLine.invoice_id.desc(), InvoiceLine.position.desc()))
    kinds = [[kind, subscription.uid] for kind in _KINDS]
    found = [(line, charge_of(line).origin) for line in lines]
    return [line for line, origin in found if origin.split(":")[:2] in kinds and not is_called_off(origin)]


def _of(subscription: Subscription) -> Any:
    """Of a charge: it bills this subscription."""
    marks = (f"{kind}:{subscription.uid}:" for kind in _KINDS)
    return or_(*(Charge.origin.startswith(mark, autoescape=True) for mark in marks))


def drop_unbilled(subscription: Subscription) -> None:
    """Periods that were owed and stand on no invoice are owed no more."""
    origin = _of(subscription)
    for charge in db.session.scalars(select(Charge).where(origin, is_pending())):
        db.session.delete(charge)


def days_to_pay(subscription: Subscription, until: date) -> tuple[int, int]:
    """Days of the first period that a consumer who withdraws pays, and how many it has; none without request.

    until: the Paris day of the withdrawal, which is not counted.

    Source: L1 (C. conso L221-25).
    """
    start = subscription.started_on
    whole = (billed_period(subscription, start).ends_on - start).days
    asked = select(Order.begin_early_at).where(Order.uid == subscription.order_uid)
    if db.session.scalar(asked) is None:
        return 0, whole
    return min(max((until - start).days, 0), whole), whole


def credit_withdrawn(subscription: Subscription, *, clause: str, due_by: date, by: Actor) -> list[CreditNote]:
    """What was invoiced comes back, but for days that were asked for before the end of the delay.

    Those that stand on no invoice yet are owed with the next one.

    Source: 000-37, 000-38; L1 (C. conso L221-24, L221-25, L221-27).
    """
    used, whole = days_to_pay(subscription, clock.today())
    drop_unbilled(subscription)
    notes = []
    for invoice, parts in _given_back(subscription, used, whole):
        note = credit(subscription, invoice, parts, CreditReason.WITHDRAWAL, clause, due_by, by)
        notes += [note] if note else []
    price = subscription.quantity * subscription.unit_cents
    if used and not lines_of(subscription) and (share := used_share_cents(price, used, whole)):
        start = subscription.started_on
        with force_locale(subscription.customer.language):
            label = period_label(subscription.product_name, start, start + timedelta(used))
        origin = f"subscription:{subscription.uid}:{start.isoformat()}"
        subscription.owe(origin=origin, label=label, unit_cents=share, quantity=1, clause="L221-25")
    return notes


def _given_back(subscription: Subscription, used: int, whole: int) -> list[tuple[Invoice, list[Part]]]:
    """By invoice, what a withdrawal takes back of it: all, less the used days of the first period."""
    found: dict[int, tuple[Invoice, list[InvoiceLine]]] = {}
    for line in lines_of(subscription):
        found.setdefault(line.invoice_id, (line.invoice, []))[1].append(line)
    return [
        (invoice, _less_used(subscription, invoice, lines, used, whole)) for invoice, lines in found.values()
    ]


def _less_used(
    subscription: Subscription, invoice: Invoice, lines: list[InvoiceLine], used: int, whole: int
) -> list[Part]:
    first = f"subscription:{subscription.uid}:{subscription.started_on.isoformat()}"
    kept = [line for line in lines if used and charge_of(line).origin == first]
    parts = rest_of(invoice, [line for line in lines if line not in kept])
    for line in kept:
        charge = charge_of(line)
        price = charge.quantity * charge.unit_cents
        part = share_of(invoice, line, price - used_share_cents(price, used, whole))
        left = next(iter(rest_of(invoice, [line])), Part(line, 0, 0))
        parts.append(Part(line, min(part.net_cents, left.net_cents), min(part.vat_cents, left.vat_cents)))
    return parts


def credit_unused(
    subscription: Subscription,
    cents: int,
    reason: CreditReason,
    *,
    clause: str,
    due_by: date,
    by: Actor,
    origin: str = "end",
) -> list[CreditNote]:
    """What was invoiced for days after the end comes back, the newest period first.

    cents: as the contract writes its price, with or without VAT. origin: what it answers.

    Source: 000-54, 001-45, 003-06, 003-18; L2, L5.
    """
    left, parts = cents, dict[int, tuple[Invoice, list[Part]]]()
    for line in lines_of(subscription):
        if left <= 0:
            break
        charge = charge_of(line)
        taken = min(left, charge.quantity * charge.unit_cents)
        left -= taken
        part = share_of(line.invoice, line, taken)
        parts.setdefault(line.invoice_id, (line.invoice, []))[1].append(part)
    return [
        note
        for invoice, found in parts.values()
        if (note := credit(subscription, invoice, found, reason, clause, due_by, by, origin))
    ]


def give_up(
    subscription: Subscription, cents: int, reason: CreditReason, *, until: date, **values: Any
) -> list[CreditNote]:
    """What its customer was to pay for days that are not hers: owed no more, or credited where invoiced.

    cents: as the contract writes its price. until: first day that is not hers; a period that goes on beyond
    it, and stands on no invoice yet, is owed up to there. values: of :func:`credit_unused`.

    Source: 004-44.
    """
    left = cents
    pending = select(Charge).where(_of(subscription), is_pending()).order_by(Charge.id.desc())
    for charge in db.session.scalars(pending.with_for_update()):
        whole = charge.quantity * charge.unit_cents
        taken = min(left, whole)
        left -= taken
        if taken == whole:
            db.session.delete(charge)
        elif taken:
            charge.quantity, charge.unit_cents = 1, whole - taken
            with force_locale(subscription.customer.language):
                charge.label = _("%(what)s ; jusqu'au %(day)s inclus", what=charge.label, day=_before(until))[
                    :300
                ]
    db.session.flush()
    return credit_unused(subscription, left, reason, **values)


def _before(day: date) -> str:
    return f"{day - timedelta(1):%d/%m/%Y}"


def credit(
    subscription: Subscription,
    invoice: Invoice,
    parts: list[Part],
    reason: CreditReason,
    clause: str,
    due_by: date,
    by: Actor,
    origin: str = "end",
) -> CreditNote | None:
    wanted = [part for part in parts if part.net_cents or part.vat_cents]
    if not wanted:
        return None
    with force_locale(subscription.customer.language):
        return issue_credit_note(
            invoice,
            wanted,
            origin=f"{origin}:{subscription.uid}:{invoice.uid}",
            reason=reason,
            clause=clause,
            due_by=due_by,
            by=by,
        )


def would_come_back(subscription: Subscription) -> int:
    """Cents that a withdrawal today would owe to the customer: what came in for what is taken back."""
    used, whole = days_to_pay(subscription, clock.today())
    total = 0
    for invoice, parts in _given_back(subscription, used, whole):
        taken = sum(part.net_cents + part.vat_cents for part in parts)
        total += max(taken - max(position_of(invoice).rest, 0), 0)
    return total


@jobs.periodic("subscriptions.give_back", jobs.daily)
def give_back_unused() -> None:
    """On the day of an end: what the notice gives back becomes a credit note, once.

    Source: 000-54, 001-45; L2, L5.
    """
    query = select(Subscription).where(
        Subscription.state == SubscriptionState.NOTICE_GIVEN,
        Subscription.refund_cents > 0,
        Subscription.ends_on <= clock.today(),
        ~select(CreditNote.id)
        .where(
            CreditNote.origin.startswith("end:" + Subscription.uid),
            CreditNote.issued_on >= Subscription.notified_on,  # not of a notice that was taken back
        )
        .exists(),
    )
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        credit_ended(subscription, by=SYSTEM)


def reason_of(subscription: Subscription) -> CreditReason:
    if (subscription.notice_fields or {}).get("by") == "provider":
        return CreditReason.PROVIDER_END
    refused = subscription.notice_reason == CreditReason.TERMS_REFUSED
    return CreditReason.TERMS_REFUSED if refused else CreditReason.FREE_EXIT


def credit_ended(subscription: Subscription, *, by: Actor) -> None:
    """The credit notes of an end that has come."""
    credit_unused(
        subscription,
        (subscription.refund_cents or 0) - called_off_cents(subscription),
        reason_of(subscription),
        clause=subscription.refund_clause or "",
        due_by=(subscription.ends_on or clock.today()) + timedelta(SURPLUS_DAYS),
        by=by,
    )
