"""Deadlines of the handover and the rule that holds an erasure back, as pure functions."""

from datetime import date, timedelta

from portal.deadlines import add_business_days


def request_closes_on(ends_on: date, window_days: int) -> date:
    """The last day on which the data may still be asked for after the end of the contract.

    ends_on: first day without service. window_days: calendar days after it.

    Source: 001-49.
    """
    return ends_on + timedelta(days=window_days)


def delivery_due_on(requested_on: date, *, days: int = 0, business_days: int = 0) -> date:
    """The day by which the data must be with the customer.

    requested_on: the day the request was received. days: calendar days; business_days: French ones.

    Source: 001-50, 004-30.
    """
    return add_business_days(requested_on, business_days) + timedelta(days=days)


def silent_acceptance_on(delivered_on: date, business_days: int) -> date:
    """The day whose end turns the customer's silence into an acceptance.

    delivered_on: the day the copy was made available.

    Source: 001-51.
    """
    return add_business_days(delivered_on, business_days)


def contractual_erasure_on(
    ends_on: date, *, days: int = 0, business_days: int = 0, window_days: int = 0
) -> date:
    """The day from which the contract has the data erased, when nobody has asked for anything.

    Never before the window in which the data may be asked for has run out.
    days, business_days: the contract's delay after the end; window_days: that of the request.

    Source: 001-46, 001-48, 001-49, 002-23, 003-24.
    """
    delay = add_business_days(ends_on, business_days) + timedelta(days=days)
    return max(delay, request_closes_on(ends_on, window_days))


def held_until(contractual_on: date, validation_on: date | None) -> date:
    """The first day on which an erasure may happen that the customer did not ask for.

    validation_on: when the copy is accepted, or will be by silence; None when nothing was asked for.

    Source: 001-46, 001-48, 001-50, 001-51, 002-23, 004-32.
    """
    return contractual_on if validation_on is None else max(contractual_on, validation_on)


def may_erase(on: date, *, accepted: bool, asked_now: bool, held_until_on: date | None) -> bool:
    """Hold rule: never while a request is open or a window runs, unless the customer asked for it.

    accepted: the copy was accepted, or the destruction asked for without one. asked_now: the customer
    chose to have it done at once. held_until_on: None where the contract gives no day; then only the
    customer's own choice decides.

    Source: 001-46, 001-48, 001-51, 002-23, 004-32.
    """
    if not accepted:
        return False
    return asked_now or (held_until_on is not None and on >= held_until_on)
