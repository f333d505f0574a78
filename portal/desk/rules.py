"""What work beside the plan costs, and at which day's price, as pure functions."""

from datetime import date


def price_day(worked_on: date, asked_on: date) -> date:
    """The day whose prices apply: that of the work, however long ago it was asked for.

    Source: 002-12, 004-11.
    """
    return max(worked_on, asked_on)


def work_cents(labour_cents: int, parts_cents: int, travel_cents: int, *, accident: bool) -> int:
    """What work outside the plan costs the customer, in cents net of VAT.

    labour_cents, parts_cents, travel_cents: at the prices of the day of the work. accident: damage by
    a third party or an accident, for which travel is charged too; a wrong handling owes none.

    Source: 002-12, 002-14, 004-11.
    """
    return labour_cents + parts_cents + (travel_cents if accident else 0)


def line_cents(quantity: int, unit_cents: int, *, by_the_hour: bool) -> int:
    """What a line of work costs, in cents net of VAT, rounded to the nearest cent.

    quantity: minutes where the price is that of an hour, else pieces. unit_cents: of an hour or a piece.

    Source: 002-12, 004-11.
    """
    return (quantity * unit_cents + 30) // 60 if by_the_hour else quantity * unit_cents


def billed_cents(worked_cents: int, quoted_cents: int | None, outcome: str) -> int:
    """What is billed in the end, in cents net of VAT.

    worked_cents: at the prices of the day of the work. quoted_cents: the accepted quote, which is never
    exceeded; None without one. outcome: « whole », « partial » (what was done), « failed » (nothing).

    Source: 002-10, 002-12, 004-10, 004-11.
    """
    if outcome == "failed":
        return 0
    return worked_cents if quoted_cents is None else min(worked_cents, quoted_cents)
