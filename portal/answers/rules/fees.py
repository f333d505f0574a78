"""What an end costs: penalties and the fee for handing the data back, in cents net of VAT."""

from datetime import date

from portal.deadlines import add_months
from portal.errors import Refused
from portal.money import line_net_cents
from portal.wording import N_


def whole_months_left(anchor: date, effective_on: date, term_ends_on: date) -> int:
    """Months of the commitment that have not begun on the effective day; counted from the anchor, so that a
    day which stands for a missing 31st begins its month.

    anchor: first day of the contract. term_ends_on: first day after the commitment. 0 when none is left.

    Source: 004-42; A17 (counted from the end of the notice).
    """
    begun = (effective_on.year - anchor.year) * 12 + effective_on.month - anchor.month
    begun += add_months(anchor, begun) < effective_on
    total = (term_ends_on.year - anchor.year) * 12 + term_ends_on.month - anchor.month
    total -= add_months(anchor, total) > term_ends_on
    return max(total - begun, 0)


def fees_left(anchor: date, effective_on: date, term_ends_on: date, *, counts_begun_month: bool) -> int:
    """Flat fees that the penalty of an early end is worked out on.

    counts_begun_month: is the month that the end falls into, which is billed in full, part of them too? The
    text may be read both ways; the contract's own setting says.

    Source: 004-42, 004-38; A17.
    """
    whole = whole_months_left(anchor, effective_on, term_ends_on)
    begun = effective_on < term_ends_on and _is_within_a_month(anchor, effective_on)
    return whole + (counts_begun_month and begun)


def _is_within_a_month(anchor: date, day: date) -> bool:
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    return day not in (add_months(anchor, months), add_months(anchor, months + 1))


def early_end_penalty_cents(fees: int, monthly_flat_cents: int, basis_points: int) -> int:
    """Penalty of an early end for flat modules: a share of the flat fees left, in cents, VAT like the fees.

    fees: how many are left, see :func:`fees_left`. basis_points: 2000 for 20 %.

    Source: 004-42.
    """
    return (line_net_cents(fees, monthly_flat_cents) * basis_points + 5_000) // 10_000


def due_at_once_cents(monthly_flat_cents: int, fees: int) -> int:
    """Flat fees payable at once when the contract is broken for breach, in cents, VAT like the fees.

    fees: one where « the period begun » is the month, all that are left where it is the commitment.

    Source: 004-40.
    """
    return line_net_cents(fees, monthly_flat_cents)


def contract_reversibility_fee_cents(monthly_flat_cents: int, months: int, minimum_cents: int) -> int:
    """The contract's price for giving back or destroying the data: so many months, and a floor.

    Source: 002-20, 004-33.
    """
    return max(months * monthly_flat_cents, minimum_cents)


def reversibility_fee_cents(contract_cents: int, charge: str | None, cost_cents: int | None) -> int | None:
    """What may really be asked for handing the data back.

    charge: what the law allows on the day of the request: "cost", "none", or None where it does not
    interfere. cost_cents: the cost sheet's total, None while there is no sheet.
    Returns None while the law only allows the cost and no sheet shows it: nothing can be billed yet.
    Raises Refused for a negative cost.

    Source: 002-20, 004-33, 003-23; L5 (regulation (EU) 2023/2854, art. 29).
    """
    if cost_cents is not None and cost_cents < 0:
        raise Refused(N_("Un coût ne peut pas être négatif."))
    if charge is None:
        return contract_cents
    if charge == "none":
        return 0
    return None if cost_cents is None else min(contract_cents, cost_cents)
