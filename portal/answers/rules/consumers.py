"""Withdrawal: the days that a consumer has to change his mind, and the money that comes back."""

from datetime import date, timedelta

from portal.deadlines import next_business_day
from portal.errors import Refused
from portal.wording import N_


def withdrawal_ends_on(contracted_on: date, days: int, *, to_business_day: bool) -> date:
    """Last day, whole, on which a consumer may withdraw; the day of the contract is not counted.

    days: seven clear days in the contract, fourteen in the law. to_business_day: the law moves a last day
    that falls on a Saturday, Sunday or holiday to the next business day.

    Source: 000-36; L1 (C. conso L221-18, L221-19).
    """
    last = contracted_on + timedelta(days=days)
    return next_business_day(last) if to_business_day else last


def clear_days_end_on(contracted_on: date, days: int) -> date:
    """Last day of a delay in clear days (jours francs): neither its first nor its last day counts.

    Source: 000-36.
    """
    return contracted_on + timedelta(days=days + 1)


def refund_due_on(withdrawn_on: date, days: int) -> date:
    """The day by which the money must be back.

    Source: 000-37; L1 (C. conso L221-24).
    """
    return withdrawn_on + timedelta(days=days)


def withdrawal_refund_cents(
    paid_cents: int, bank_fees_cents: int, *, fees_kept: bool, used_days: int = 0, period_days: int = 1
) -> int:
    """What a withdrawal gives back: everything, less the share of a service begun early on request.

    fees_kept: only where no law forbids it. used_days, period_days: days of service asked for before the
    end of the delay, out of the paid period; their share is rounded down, in the consumer's favour.
    Raises Refused when more days were used than the period has.

    Source: 000-38; L1 (C. conso L221-24, L221-25).
    """
    if not 0 <= used_days <= period_days:
        raise Refused(N_("Les jours utilisés dépassent la période payée."))
    return (
        paid_cents
        - used_share_cents(paid_cents, used_days, period_days)
        - (bank_fees_cents if fees_kept else 0)
    )


def used_share_cents(price_cents: int, used_days: int, period_days: int) -> int:
    """What is owed for the days of a service that was begun on request before the end of the delay.

    price_cents: of the whole period, as the contract writes it. Rounded down.

    Source: L1 (C. conso L221-25).
    """
    return price_cents * used_days // period_days


def withdrawal_is_lost(*, consented: bool, acknowledged: bool, confirmed: bool) -> bool:
    """Is the right lost because a digital content was supplied at once? Only with all three proofs.

    Source: L1 (C. conso L221-28 13°), over 000-36.
    """
    return consented and acknowledged and confirmed
