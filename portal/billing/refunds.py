"""Money when a contract ends: the unused part of what was paid, and the penalty of metered modules."""

from decimal import Decimal

from portal.errors import Refused
from portal.money import line_net_cents
from portal.wording import N_

PRORATA = "prorata"
NO_REFUND = "none"


def unused_refund_cents(paid_cents: int, total_days: int, used_days: int) -> int:
    """The part of a payment for the days that will not be used, rounded once.

    paid_cents: paid for the whole period. total_days: of the period; used_days: up to the effective end.
    Raises Refused when the days do not fit the period.

    Source: 000-54, 001-45, 003-06, 003-18.
    """
    if total_days < 1 or not 0 <= used_days <= total_days:
        raise Refused(N_("Les jours utilisés ne tiennent pas dans la période payée."))
    return line_net_cents(Decimal(paid_cents * (total_days - used_days)) / total_days, 1)


def refund_at_end_cents(policy: str, paid_cents: int, total_days: int, used_days: int) -> int:
    """What is paid back when the contract ends, by the policy of the contract for who ends it and why.

    policy: "prorata" or "none", as the contract's data says for this end.
    paid_cents, total_days, used_days: see unused_refund_cents.
    Raises Refused for another policy: nothing is kept or paid back by default.

    Source: 000-54, 000-57, 001-45, 001-47, 003-06, 003-18, 003-45, 004-38, 004-41.
    """
    unused = unused_refund_cents(paid_cents, total_days, used_days)
    if policy not in {PRORATA, NO_REFUND}:
        raise Refused(N_("La règle de remboursement « %(policy)s » est inconnue."), policy=policy)
    return unused if policy == PRORATA else 0


def metered_end_penalty_cents(mean_monthly: Decimal, unit_micros: int, days_left: int) -> int:
    """Penalty of an early end for metered modules, in cents net of VAT, rounded once.

    mean_monthly: mean monthly consumption of the last 12 months, exact. unit_micros: last unit price
    billed, in millionths of a euro. days_left: from the effective end to the normal one; a month is 365/12
    days.
    Raises Refused for a negative number, TypeError for a float.

    Source: 004-43.
    """
    if not isinstance(mean_monthly, Decimal):
        raise TypeError("a consumption is an exact decimal, never a float")
    if mean_monthly < 0 or unit_micros < 0 or days_left < 0:
        raise Refused(N_("Une pénalité ne se calcule pas sur un nombre négatif."))
    return line_net_cents(mean_monthly * unit_micros * days_left * 12 / (365 * 10_000), 1)
