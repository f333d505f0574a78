"""What an invoice paid late, or not paid, owes on top, as contract and law put it for one customer."""

from collections.abc import Mapping
from datetime import date

from portal.billing.late_payment import EcbRate, LatePayment, late_payment
from portal.terms.answered import Answered, Source, answered
from portal.terms.law import Applied, applied
from portal.terms.stack import Stack
from portal.terms.statute import IN_BUSINESS
from portal.wording import N_, Cents, Rate, Sentence, one_after_the_other


def late_answers(
    stack: Stack, customer: str, amount_cents: int, due_on: date, on: date, rates: Mapping[str, EcbRate]
) -> tuple[Answered, ...]:
    """Penalties and fixed fee of an invoice, in cents without VAT; empty where neither contract nor law has
    any.

    stack: the contract as it stood on the due day. amount_cents: VAT included. on: day of payment, or today.
    Raises Refused when a half-year has no rate.

    Source: 003-51, 003-52; L6.
    """
    keys = ("late.rate_points_basis_points", "late.fixed_fee_cents", "late.single_rate")
    points, fee, single = (applied(stack, key, on=due_on, customer=customer) for key in keys)
    if not _source(points) or not _source(fee):
        return ()
    owed = late_payment(
        amount_cents,
        due_on,
        on,
        rates=rates,
        professional=customer in IN_BUSINESS,
        margin_basis_points=points.value or 0,
        fee_cents=fee.value or 0,
        single_rate=bool(single.value),
    )
    once = Sentence(N_("Indemnité forfaitaire de recouvrement, une fois par facture, sans TVA."), {})
    return (
        answered(
            "late_penalty", owed.penalty_cents, *_sources(points), working=_slices(owed, amount_cents, due_on)
        ),
        answered("recovery_fee", owed.recovery_fee_cents, *_sources(fee), working=once),
    )


def _source(both: Applied) -> bool:
    return both.law is not None or both.contract is not None


def _sources(both: Applied) -> tuple[Source | None, ...]:
    """The one that counts first; the law beside a contract that keeps within it is told by the page."""
    return (both.law, both.contract) if both.by == "law" else (both.contract,)


def _slices(owed: LatePayment, amount_cents: int, due_on: date) -> Sentence:
    if not owed.slices:
        return Sentence(N_("Rien n'est dû."), {})
    parts = [
        Sentence(
            N_("%(days)d jours à %(rate)s %% (%(semester)s) : %(amount)s"),
            {
                "days": each.days,
                "rate": Rate(each.rate_basis_points),
                "semester": each.semester,
                "amount": Cents(each.cents),
            },
        )
        for each in owed.slices
    ]
    return Sentence(
        N_("%(amount)s TTC dus au %(due)s : %(slices)s."),
        {"amount": Cents(amount_cents), "due": due_on, "slices": one_after_the_other(parts)},
    )
