"""Deadlines of the handover and the rule that holds an erasure back, as pure functions."""

from datetime import date, timedelta

from portal.deadlines import add_business_days
from portal.errors import Refused
from portal.wording import N_


def counted_from(ends_on: date, *, last_day: bool) -> date:
    """The day from which a delay after the end of the contract is counted; it is not one of them itself.

    ends_on: first day without service. last_day: from the last day of service, as the contract's setting
    says, rather than from the day after it.

    Source: 001-48, 001-49.
    """
    return ends_on - timedelta(days=1) if last_day else ends_on


def request_closes_on(ended_on: date, window_days: int) -> date:
    """The last day on which the data may still be asked for after the end of the contract.

    ended_on: the day that the contract counts from, see :func:`counted_from`. window_days: calendar days
    after.

    Source: 001-49.
    """
    return ended_on + timedelta(days=window_days)


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
    ended_on: date, *, days: int = 0, business_days: int = 0, window_days: int = 0
) -> date:
    """The day from which the contract has the data erased, when nobody has asked for anything.

    Never before the window in which the data may be asked for has run out. ended_on: see
    :func:`counted_from`. days, business_days: the contract's delay; window_days: that of the request.

    Source: 001-46, 001-48, 001-49, 002-23, 003-24.
    """
    delay = add_business_days(ended_on, business_days) + timedelta(days=days)
    return max(delay, request_closes_on(ended_on, window_days))


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


def reload_price_day(notified_on: date, worked_on: date) -> date:
    """The day whose tariff applies to reloading the data: that of the notice of reversibility.

    notified_on, worked_on: Paris days. However late the work is, the tariff stays the same.
    Raises Refused for work before the notice.

    Source: 002-21, 004-34.
    """
    if worked_on < notified_on:
        raise Refused(N_("Le rechargement ne peut pas précéder la demande de réversibilité."))
    return notified_on


def destroyed_by(due_on: date, ends_on: date | None) -> date:
    """The day by which data are destroyed on request: within the contract's delay, never before its end.

    due_on: last day of the delay. ends_on: first day without service; None while no end is known.

    Source: 004-30.
    """
    return due_on if ends_on is None else max(due_on, ends_on)


def kept_through(effective_on: date, days: int, asked_on: date | None = None) -> date:
    """The last day on which data that the customer left behind may be kept.

    effective_on: effective day of the end. days: calendar days of the contract.
    asked_on: Paris day on which the customer asked to have them erased earlier; None if it did not.

    Source: 003-22.
    """
    last = effective_on + timedelta(days=days)
    return last if asked_on is None else min(last, asked_on)


def effective_after_recovery(effective_on: date, ordered_on: date, received_on: date | None) -> date | None:
    """The effective day of the end once a recovery was ordered: the day the customer has the data.

    effective_on: effective day before the order. ordered_on: day of the order. received_on: the day the
    data were received; None while they were not, and no day is set yet. An end is postponed, never
    brought forward. Paris days.
    Raises Refused for an order that does not come before the effective day.

    Source: 003-23.
    """
    if ordered_on >= effective_on:
        raise Refused(N_("La récupération des données se commande avant la date d'effet de la fin."))
    return None if received_on is None else max(effective_on, received_on)


def is_deleted_at_end(*, told_otherwise: bool) -> bool:
    """Are all the customer's data deleted at the end of the services? Yes unless it said otherwise.

    Source: 003-59.
    """
    return not told_otherwise
