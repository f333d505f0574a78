"""A larger scope: from when it is priced, and until when it commits. Questions and changes read it here."""

from datetime import date

from portal.answers.state import State
from portal.billing.rules import Growth, scope_growth


def growth_of(state: State, on: date) -> Growth | None:
    """What a scope that grows on a day leads to; None where the contract does not speak of it.

    The next due date is the first day of the period that is billed next.

    Source: 004-36.
    """
    if state.find("price.growth_applies") is None:
        return None
    return scope_growth(on, state.billed_period(on).ends_on, int(state.period.value))
