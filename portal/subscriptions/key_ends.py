"""A key works until the last day of the last paid period of its subscription, and some days of grace.

A period whose debit is under way on a usable mandate counts as paid until the debit comes back. Events move
the end in their own transaction; a daily duty is the net below them.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select

from portal import clock, jobs
from portal.billing.balance import UNDER_WAY, WITH_THE_BANK, debits_of
from portal.billing.credit_models import CreditLine, CreditNote, CreditReason
from portal.billing.models import Charge, Invoice, InvoiceLine, InvoiceState, invoice_paid, invoice_reopened
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.licensing.rules import KeyEnd, key_end
from portal.sepa.models import Collection, CollectionState
from portal.sepa.models.collection import collection_returned
from portal.sepa.models.mandate import find_usable_mandate
from portal.subscriptions.called_off import is_called_off
from portal.subscriptions.changes import ChangeKind, billed_period
from portal.subscriptions.models import Subscription, SubscriptionState, subscription_moved
from portal.subscriptions.stopping import service_stopped_on
from portal.subscriptions.waiting_keys import KeyWaitState, wait_of

_KEPT = (CreditReason.GOODWILL, CreditReason.SERVICE_CREDIT)  # given, although the period was served


class _Standing(NamedTuple):
    """Of one invoiced period: does it count as paid, and if not, since when its money is missing."""

    is_paid: bool
    late_on: date | None = None


def end_of(subscription: Subscription) -> KeyEnd:
    """The last paid day of a subscription's keys and the end of their grace, as of today (Paris).

    Source: 000-56, 000-54, 001-45.
    """
    charged = list(_charges_of(subscription))
    paid, late = [], []
    for start, charge in charged:
        standing = _standing(subscription, charge)
        if standing.is_paid:
            paid.append(billed_period(subscription, start).ends_on)
        elif standing.late_on is not None:
            late.append(standing.late_on)
    first = min((start for start, _charge in charged), default=subscription.billed_before)
    paid += _on_credit(subscription, first, bool(late))
    return _end(subscription, paid, max(late, default=None))


def first_end(subscription: Subscription, through: date) -> KeyEnd:
    """Of keys that leave: the last day of the period that they are issued for, and the grace behind it, so
    that a machine off the network that day works on while the next one is paid.

    Source: 000-56.
    """
    return _end(subscription, [through + timedelta(days=1)], None)


def _end(subscription: Subscription, paid_ends: list[date], late_on: date | None) -> KeyEnd:
    said = subscription.present_terms.find("keys.grace_days")
    return key_end(
        paid_ends,
        subscription.started_on,
        ends_on=subscription.ends_on,
        late_on=late_on,
        grace_days=said.value if said else subscription.legal_entity.key_grace_days,
    )


def _charges_of(subscription: Subscription) -> Iterator[tuple[date, Charge]]:
    """Its charged periods by their first day, without those that were called off: they are given back."""
    anew = [row.uid for row in subscription.changes if row.kind == ChangeKind.LENGTH and row.pieces]
    marks = [f"subscription:{subscription.uid}:", *(f"change:{subscription.uid}:{uid}:" for uid in anew)]
    mine = or_(*(Charge.origin.startswith(mark, autoescape=True) for mark in marks))
    query = select(Charge).where(mine, Charge.dropped_on.is_(None))
    for charge in db.session.scalars(query.order_by(Charge.id)):
        if not is_called_off(charge.origin):
            yield date.fromisoformat(charge.origin.rpartition(":")[2]), charge


def _on_credit(subscription: Subscription, before: date, is_late: bool) -> list[date]:
    """The end of what counts as paid without an invoice.

    What another system billed ``before`` the first charge; and, as long as nothing is late, the running
    period of whoever is debited under a usable mandate or pays in arrears.
    """
    today, found = clock.today(), [before]
    arrears = subscription.is_billed_in_arrears
    method = subscription.method_on(subscription.billed_before)
    mandated = method == Method.DIRECT_DEBIT and _mandate(subscription) is not None
    if not is_late and today >= subscription.billed_before >= before and (arrears or mandated):
        found.append(billed_period(subscription, today).ends_on)
    return found


def _mandate(subscription: Subscription) -> Any:
    return find_usable_mandate(subscription.customer, subscription.legal_entity, clock.today())


def _standing(subscription: Subscription, charge: Charge) -> _Standing:
    invoice = charge.invoice
    if invoice is None:
        ready = charge.method == Method.DIRECT_DEBIT and _mandate(subscription) is not None
        return _Standing(ready)
    if invoice.state == InvoiceState.CREDITED or _is_taken_back(invoice, charge):
        return _Standing(False)
    if invoice.state == InvoiceState.PAID:
        return _Standing(True)
    debits = debits_of(invoice)
    back = [row.returned_on for row in debits if row.returned_on and row.state != CollectionState.SETTLED]
    coming = [row for row in debits if row.state in UNDER_WAY]
    sure = [row for row in coming if row.state in WITH_THE_BANK or row.mandate.is_usable(row.due_on)]
    if sure and not back:
        return _Standing(True)
    return _Standing(False, max([*back, *(row.due_on for row in sure), invoice.due_on]))


def _is_taken_back(invoice: Invoice, charge: Charge) -> bool:
    """Have credit notes taken back the whole line of this period?"""
    query = (
        select(InvoiceLine.net_cents, db.func.sum(CreditLine.net_cents))
        .join(CreditLine, CreditLine.invoice_line_id == InvoiceLine.id)
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(InvoiceLine.invoice_id == invoice.id, InvoiceLine.label == charge.label)
        .where(CreditNote.reason.not_in(_KEPT))
        .group_by(InvoiceLine.id, InvoiceLine.net_cents)
    )
    return any(0 < net <= back for net, back in db.session.execute(query))


def follow_keys(subscription: Subscription) -> None:
    """Let its keys end with what is paid of it, and stop while it is suspended.

    One that a consumer tried before stays as it is while the paid one waits for her delay to end.

    Source: 000-56; L1 (C. conso L221-28 13°).
    """
    db.session.flush()
    query = select(ActivationKey).where(
        ActivationKey.source_uid == subscription.order_uid,
        ActivationKey.customer_id == subscription.customer_id,
    )
    keys = list(db.session.scalars(query.order_by(ActivationKey.id)))
    if keys and not _still_waits(subscription):
        end, suspended_on = end_of(subscription), service_stopped_on(subscription)
        for key in keys:
            key.follow(end, suspended_on, by=SYSTEM)


def _still_waits(subscription: Subscription) -> bool:
    if (
        subscription.customer.kind != CustomerKind.CONSUMER
        or subscription.state == SubscriptionState.WITHDRAWN
    ):
        return False
    wait = wait_of(subscription.order_uid)
    return wait is not None and wait.state == KeyWaitState.WAITING


def refresh_key(key: ActivationKey) -> None:
    """The same for the key that a machine asks about; it may have been paid since the last duty."""
    query = select(Subscription).where(
        Subscription.order_uid == key.source_uid, Subscription.customer_id == key.customer_id
    )
    for subscription in db.session.scalars(query):
        follow_keys(subscription)


@subscription_moved.connect
def move_with_contract(subscription: Subscription, **_more: Any) -> None:
    """Source: 000-56, 003-15; L1 (C. conso L221-27)."""
    follow_keys(subscription)


def _follow_invoice(invoice: Invoice) -> None:
    query = select(Charge.origin).where(
        Charge.invoice_id == invoice.id,
        or_(Charge.origin.startswith("subscription:"), Charge.origin.startswith("change:")),
    )
    uids = {origin.split(":")[1] for origin in db.session.scalars(query)}
    with_keys = Subscription.order_uid.in_(select(ActivationKey.source_uid))
    billed = select(Subscription).where(Subscription.uid.in_(uids), with_keys)
    for subscription in db.session.scalars(billed.order_by(Subscription.id)) if uids else ():
        follow_keys(subscription)


@invoice_paid.connect
@invoice_reopened.connect
def move_with_invoice(invoice: Invoice, **_more: Any) -> None:
    """Paid, or owed again: the keys of what it bills follow.

    Source: 000-56.
    """
    if invoice.id is not None:
        _follow_invoice(invoice)


@collection_returned.connect
def move_with_return(_sender: Any, *, collection: Collection) -> None:
    """A debit that came back before it was credited pays nothing either."""
    query = select(Invoice).where(Invoice.uid == collection.debt_uid)
    for invoice in db.session.scalars(query):
        _follow_invoice(invoice)


@jobs.periodic("subscriptions.key_ends", jobs.daily)
def follow_all_keys() -> None:
    """Every key that is about to stop, or whose contract ended or is suspended and it does not say so yet.

    Source: 000-56.
    """
    today = clock.today()
    near = and_(
        ActivationKey.valid_through <= today + timedelta(days=1),
        Subscription.state != SubscriptionState.WITHDRAWN,
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > today),
    )
    longer = and_(Subscription.ends_on.is_not(None), ActivationKey.valid_through >= Subscription.ends_on)
    unlike = Subscription.suspended_on.is_not(None) != ActivationKey.suspended_on.is_not(None)
    late = select(Invoice.id).where(
        Invoice.customer_id == Subscription.customer_id,
        Invoice.state == InvoiceState.ISSUED,
        Invoice.due_on < today,
    )
    query = (
        select(Subscription)
        .join(ActivationKey, ActivationKey.source_uid == Subscription.order_uid)
        .where(ActivationKey.revoked_at.is_(None), or_(near, longer, unlike, late.exists()))
        .order_by(Subscription.id)
    )
    for subscription in db.session.scalars(query).unique():
        follow_keys(subscription)
