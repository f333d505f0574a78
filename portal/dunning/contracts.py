"""Which contracts an invoice carries, and what they say of its lateness: one answer for page and charge."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.billing.late import LateTerms, answers_by_parts, fee_answer, late_terms
from portal.billing.lateness import Lateness, lateness_of
from portal.billing.models import Charge, Invoice
from portal.billing.panels import Paper, invoices_begin
from portal.billing.rates import known_rates
from portal.db import db
from portal.errors import Refused
from portal.once import known_beforehand, once, unknown
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, answered
from portal.terms.law import applied
from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import Sentence

_LAW_ALONE = Stack("", "", ())  # an invoice without a contract, such as one of a restore


def subscriptions_on(invoices: Sequence[Invoice]) -> dict[int, list[Subscription]]:
    """The subscriptions whose periods each of these invoices carries, by the invoice's id."""
    query = select(Charge.invoice_id, Charge.origin).where(
        Charge.invoice_id.in_([invoice.id for invoice in invoices])
    )
    uids: dict[int, set[str]] = {invoice.id: set() for invoice in invoices}
    for invoice_id, origin in db.session.execute(query):
        uids[invoice_id or 0].update(origin.split(":")[1:2])
    wanted = Subscription.uid.in_(set().union(*uids.values()))
    found = list(db.session.scalars(select(Subscription).where(wanted).order_by(Subscription.id)))
    return {key: [each for each in found if each.uid in own] for key, own in uids.items()}


def stacks_on(invoice: Invoice) -> list[Stack]:
    """The contracts on an invoice as they stood on its due day; the law alone where it carries none."""
    own = subscriptions_on([invoice])[invoice.id]
    return [each.terms.on(invoice.due_on) for each in own] or [_LAW_ALONE]


def no_holding_back(invoice: Invoice) -> Value | None:
    """What a contract on an invoice says against holding back a payment for a claim; None where none does.

    Source: 004-28.
    """
    said = (each.find("claim.holds_payment") for each in stacks_on(invoice))
    return next((value for value in said if value is not None and not value.value), None)


def subscriptions_in(paper: Paper) -> list[Subscription]:
    """Those whose periods an invoice carries that is not written yet."""
    if "subscriptions" not in paper.found:
        paper.found["subscriptions"] = _known_by_uid(_subscription_uids(paper.charges))
    return list(paper.found["subscriptions"])


@invoices_begin.connect
def look_up_together(_sender: Any, *, charges: Sequence[Charge]) -> None:
    """One query for the contracts of all invoices that are issued together."""
    uids = [uid for _kind, uid in unknown(("subscription", uid) for uid in _subscription_uids(charges))]
    if not uids:
        return
    query = select(Subscription).where(Subscription.uid.in_(uids))
    found = {row.uid: row for row in db.session.scalars(query.options(selectinload(Subscription.amendments)))}
    known_beforehand({("subscription", uid): found.get(uid) for uid in uids})


def _subscription_uids(charges: Sequence[Charge]) -> set[str]:
    parts = (charge.origin.split(":") for charge in charges)
    return {each[1] for each in parts if each[0] == "subscription"}


def _known_by_uid(uids: Iterable[str]) -> list[Subscription]:
    def look_up(uid: str) -> Subscription | None:
        return db.session.scalars(select(Subscription).where(Subscription.uid == uid)).one_or_none()

    found = (once(("subscription", uid), partial(look_up, uid)) for uid in uids)
    return sorted((each for each in found if each is not None), key=lambda each: each.id)


def late_terms_of(paper: Paper) -> LateTerms | None:
    """What an invoice says beforehand of being paid late: of several contracts the one that costs least.

    Source: 003-51, 003-52; L6.
    """
    invoice, rates = paper.invoice, known_rates()
    stacks = [each.terms.on(invoice.due_on) for each in subscriptions_in(paper)] or [_LAW_ALONE]
    kind = invoice.parties["buyer"]["kind"]
    found = [late_terms(stack, kind, invoice.due_on, rates) for stack in stacks]
    there = [each for each in found if each is not None]
    if len(there) < len(found) or not there:
        return None
    return min(there, key=lambda each: (each.rate_basis_points, each.fee_cents))


def late_answers_for(invoice: Invoice, late: Lateness) -> tuple[Answered, ...]:
    """Penalties and fixed fee of a late invoice, in cents without VAT; empty where there are none.

    Of several contracts on one invoice the one that costs the customer least counts for all of it.
    Raises Refused when a half-year has no rate.

    Source: 003-51, 003-52; L6.
    """
    rates, kind = known_rates(), invoice.customer.kind.value
    each = (answers_by_parts(stack, kind, late.parts, late.due_on, rates) for stack in stacks_on(invoice))
    return min(each, key=lambda found: sum(answer.cents for answer in found))


def late_facts(invoice: Invoice) -> list[Answered]:
    """What an invoice paid late, or overdue, owes on top: penalties, fixed fee; empty when none.

    The penalties are None while a rate is missing, and say which; the fixed fee needs none.

    Source: 003-51, 003-52; L6.
    """
    late = lateness_of(invoice, clock.today())
    if late is None:
        return []
    try:
        return list(late_answers_for(invoice, late))
    except Refused as refusal:
        kind, last = invoice.customer.kind.value, late.parts[-1][1]
        stack = stacks_on(invoice)[0]
        points = applied(stack, "late.rate_points_basis_points", on=late.due_on, customer=kind)
        sources = (points.law, points.contract) if points.by == "law" else (points.contract, points.law)
        working = Sentence(refusal.template, refusal.values)
        fee = fee_answer(stack, kind, late.due_on, last)
        unknown = answered("late_penalty", None, *sources, working=working)
        return [unknown, fee] if fee is not None else [unknown]
