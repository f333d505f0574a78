"""Periods, notices, ends and penalties of subscriptions, as pure functions of the contract's values."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.deadlines import add_months, period_bounds
from portal.errors import Refused
from portal.money import line_net_cents
from portal.wording import N_


@dataclass(frozen=True)
class Period:
    """A paid period: first day, and the day after its last (échéance)."""

    index: int
    starts_on: date
    ends_on: date


def period_at(anchor: date, months: int, on: date) -> Period:
    """The period that contains a day; the first one for a day before the start.

    anchor: first day of the contract, from which every period is counted.
    months: length of a period.

    Source: 000-13, 000-14, 001-11, 001-13, 004-04.
    """
    index = 0
    if on > anchor:
        index = max(((on.year - anchor.year) * 12 + on.month - anchor.month) // months - 1, 0)
    while True:
        start, end = period_bounds(anchor, months, index)
        if on < end:
            return Period(index, start, end)
        index += 1


def last_notice_day(echeance: date, *, months: int = 0, days: int = 0) -> date:
    """The last day on which a notice still ends the contract at this échéance, included.

    echeance: first day after the period. months, days: notice of the contract; the day is clamped to the
    end of its month.

    Source: 000-13, 000-14, 001-44, 004-37.
    """
    return add_months(echeance, -months) - timedelta(days=days)


def contract_end(
    anchor: date, period_months: int, notified_on: date, *, months: int = 0, days: int = 0
) -> date:
    """The échéance at which a notice sent on that day ends the contract.

    A notice that comes too late for the present period ends the next one: the contract was renewed.
    Raises Refused for a notice before the contract started.

    Source: 000-13, 000-14, 000-55, 001-44, 004-37.
    """
    if notified_on < anchor:
        raise Refused(N_("La résiliation ne peut pas précéder le début du contrat."))
    period = period_at(anchor, period_months, notified_on)
    while notified_on > last_notice_day(period.ends_on, months=months, days=days):
        start, end = period_bounds(anchor, period_months, period.index + 1)
        period = Period(period.index + 1, start, end)
    return period.ends_on


def early_end(notified_on: date, notice_months: int) -> date:
    """The effective day of an early end by the customer, after its notice.

    Source: 004-42.
    """
    return add_months(notified_on, notice_months)


def early_end_penalty_cents(
    monthly_flat_cents: int, effective_on: date, term_ends_on: date, basis_points: int
) -> int:
    """Penalty of an early end for flat modules: a share of the flat fees left, in cents net of VAT.

    Months left are counted from the effective day to the end of the commitment, a begun month in full.
    basis_points: 2000 for 20 %.

    Source: 004-42.
    """
    months = 0
    while add_months(effective_on, months) < term_ends_on:
        months += 1
    total = line_net_cents(months, monthly_flat_cents)
    return (total * basis_points + 5_000) // 10_000


def effective_after_days(notified_on: date, days: int) -> date:
    """The day at whose midnight (Paris) the contract ends, so many days after the notice was sent.

    Source: 003-21, 003-24.
    """
    return notified_on + timedelta(days=days)


def price_kept_through(ordered_on: date, months: int) -> date:
    """Last day on which the price of an order is kept.

    Source: 000-23.
    """
    return add_months(ordered_on, months)


def last_usable_day(paid_before: date) -> date:
    """Last day of use: the last day of the last paid period, whole, Paris time.

    paid_before: first day that is not paid.

    Source: 000-56, 001-47.
    """
    return paid_before - timedelta(days=1)


SWITCHING_CHARGES_END_ON = date(2027, 1, 12)


def reversibility_fee_cents(
    monthly_flat_cents: int, months: int, minimum_cents: int, *, reason: str, on: date, cost_cents: int
) -> int:
    """Fee for handing back or destroying the data, in cents net of VAT.

    monthly_flat_cents: flat fee of one month. months, minimum_cents: the contract's quarter and floor.
    reason: "switch" or "in_house" (a change of provider), "copy" or "destroy".
    on: the day of the request. cost_cents: what the switch really costs, from a cost sheet.

    Source: 002-20, 004-33; the law overrides it for a change of provider (regulation (EU) 2023/2854
    art. 29: costs only, then nothing from 12 January 2027).
    """
    contract = max(months * monthly_flat_cents, minimum_cents)
    if reason not in {"switch", "in_house"}:
        return contract
    if on >= SWITCHING_CHARGES_END_ON:
        return 0
    return min(contract, cost_cents)
