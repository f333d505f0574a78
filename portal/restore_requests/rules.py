"""Which restores are billed, and at which day's price, as pure functions of the contract's values."""

from datetime import date


def is_billable(cause: str, free_cause: str | None) -> bool | None:
    """Is a restore asked for this cause outside the plan, and billed? None where the contract is silent.

    cause: why the data must come back. free_cause: the one cause that the contract covers.

    Source: 002-08, 002-11, 002-13, 004-10.
    """
    return None if free_cause is None else cause != free_cause


def price_day(worked_on: date, asked_on: date) -> date:
    """The day whose prices apply: that of the work, however long ago it was asked for.

    Source: 002-12, 004-11.
    """
    return max(worked_on, asked_on)
