"""What an invoice paid late, or not paid, owes on top, as contract and law put it for one customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.billing.late_payment import (
    EcbRate,
    LatePayment,
    agreed_rate,
    late_payment,
    lowest_agreed_rates,
    recovery_fee_cents,
    semester_of,
)
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
        floors=_floors(points),
    )
    fixed = fee_answer(stack, customer, due_on, on)
    assert fixed is not None
    return (
        answered(
            "late_penalty", owed.penalty_cents, *_sources(points), working=_slices(owed, amount_cents, due_on)
        ),
        fixed,
    )


Part = tuple[int, date]  # cents, VAT included, and the day on which they were paid, or today


@dataclass(frozen=True, slots=True)
class LateTerms:
    """What a late payment would cost: basis points a year of one half-year, cents without VAT."""

    semester: str
    rate_basis_points: int  # the ECB's rate and the margin, or the law's lowest
    ecb_basis_points: int
    margin_basis_points: int
    fee_cents: int
    single_rate: bool  # of the half-year in which interest began, until it is paid


def late_terms(stack: Stack, customer: str, due_on: date, rates: Mapping[str, EcbRate]) -> LateTerms | None:
    """What an invoice says beforehand of being paid late, with the figures that :func:`late_answers` uses.

    Of the half-year of the first day late or, while its rate is not known, of the latest one that has a rate;
    None for who owes neither, and where no rate is known at all. stack: the contract as it stands on the due
    day, which is the last day for paying.

    Source: 003-51, 003-52; L6, C. com. art. L441-9, L441-10.
    """
    keys = ("late.rate_points_basis_points", "late.fixed_fee_cents", "late.single_rate")
    points, fee, single = (applied(stack, key, on=due_on, customer=customer) for key in keys)
    first = semester_of(due_on + timedelta(days=1))
    known = [semester for semester in rates if semester <= first]
    if customer not in IN_BUSINESS or not _source(points) or not _source(fee) or not known:
        return None
    semester, margin = max(known), points.value or 0
    rate = agreed_rate(semester, margin, rates, _floors(points))
    ecb = rates[semester].basis_points
    return LateTerms(semester, rate, ecb, margin, fee.value or 0, bool(single.value))


def payable_until(due_on: date, debit_on: date | None, *, waits: bool, went_through: bool) -> date | None:
    """Last day for paying that counts for interest; None where the customer is not late by her own doing.

    due_on: last day of the invoice. debit_on: day of the creditor's first debit, None without one; waits: it
    was not presented, or has no answer yet; went_through: it paid. A debit that the creditor presents after
    the due date costs the customer nothing.

    Source: 003-47, 003-50, 003-52.
    """
    if debit_on is None:
        return due_on
    return None if waits or went_through else max(due_on, debit_on)


def answers_by_parts(
    stack: Stack, customer: str, parts: Sequence[Part], due_on: date, rates: Mapping[str, EcbRate]
) -> tuple[Answered, ...]:
    """:func:`late_answers` of an invoice that came in by parts: each bears interest until its day; one fee.

    Raises Refused when a half-year has no rate.

    Source: 003-51, 003-52; L6.
    """
    found = [late_answers(stack, customer, cents, due_on, on, rates) for cents, on in parts if cents > 0]
    both = [each for each in found if each]
    if not both:
        return ()
    late = [each for each in both if each[0].cents] or both[:1]
    workings = [each[0].working for each in late if each[0].working is not None]
    penalty = replace(
        late[0][0],
        value=Cents(sum(each[0].cents for each in both)),
        working=one_after_the_other(workings) if workings else None,
    )
    return (penalty, max((each[1] for each in both), key=lambda fee: fee.cents))


def fee_answer(stack: Stack, customer: str, due_on: date, on: date) -> Answered | None:
    """The fixed fee alone, which needs no rate; None where neither contract nor law has one.

    Source: 003-51; L6.
    """
    fee = applied(stack, "late.fixed_fee_cents", on=due_on, customer=customer)
    if not _source(fee):
        return None
    cents = recovery_fee_cents(due_on, on, fee.value or 0, professional=customer in IN_BUSINESS)
    once = Sentence(N_("Indemnité forfaitaire de recouvrement, une fois par facture, sans TVA."), {})
    return answered("recovery_fee", cents, *_sources(fee), working=once)


def _floors(points: Applied) -> Mapping[str, int] | None:
    """The law's lowest rates, where a contract agrees on less than the law's own one."""
    if points.by != "contract" or points.law is None or points.value >= points.law.value:
        return None
    return lowest_agreed_rates()


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
