"""What an end costs: penalties and the fee for handing the data back, in cents net of VAT."""

from datetime import date

from portal.deadlines import add_months
from portal.errors import Refused
from portal.money import line_net_cents
from portal.wording import N_


def months_left(effective_on: date, term_ends_on: date) -> int:
    """Months from the effective end to the end of the commitment, a begun month in full.

    Source: 004-42; A17 (counted from the end of the notice).
    """
    months = max((term_ends_on.year - effective_on.year) * 12 + term_ends_on.month - effective_on.month, 0)
    if add_months(effective_on, months) < term_ends_on:
        months += 1
    return months


def early_end_penalty_cents(
    monthly_flat_cents: int, effective_on: date, term_ends_on: date, basis_points: int
) -> int:
    """Penalty of an early end for flat modules: a share of the flat fees left, in cents net of VAT.

    basis_points: 2000 for 20 %.

    Source: 004-42.
    """
    total = line_net_cents(months_left(effective_on, term_ends_on), monthly_flat_cents)
    return (total * basis_points + 5_000) // 10_000


def due_at_once_cents(monthly_flat_cents: int, ended_on: date, period_ends_on: date) -> int:
    """Flat fees of the begun period, payable at once when the contract is broken for breach.

    Source: 004-40.
    """
    return line_net_cents(months_left(ended_on, period_ends_on), monthly_flat_cents)


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
