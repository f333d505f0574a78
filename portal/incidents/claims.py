"""How long a customer may claim, reserve or contest, as pure functions of the contract's values."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.deadlines import add_business_days, add_months
from portal.errors import Refused
from portal.incidents.instants import require, utc, whole_days
from portal.wording import N_


class ClaimFlag(StrEnum):
    """What a person who receives a late claim must know; nothing is refused by itself."""

    IN_TIME = "in_time"
    KEPT_BY_LAW = "kept_by_law"  # past the contract's limit, which cannot bind
    TO_BE_JUDGED = "to_be_judged"  # past what the contract and the law protect


# C. civ. art. 2254: no contract cuts a limitation below one year.
SHORTEST_LIMITATION_MONTHS = 12


def damage_claim_until(known_on: date, business_hours: int, hours_per_day: int) -> date:
    """Last day on which the registered letter of a damage claim may be posted.

    known_on: day on which the customer knew, not counted. business_hours: 48 with 24 hours in a day are two
    full business days.
    Raises Refused when the hours are not whole business days.

    Source: 000-49, 001-34.
    """
    return add_business_days(known_on, whole_days(business_hours, hours_per_day))


def conformity_claim_until(received_on: date, weeks: int, *, consumer: bool) -> date | None:
    """Last day to claim for a delivery that is not conform; None when the contract's limit does not bind.

    A consumer keeps the legal guarantee of conformity, whatever the contract says.

    Source: 000-30; L11, C. conso. L224-25-1 and following.
    """
    return None if consumer else received_on + timedelta(weeks=weeks)


def reservation_until(consumed_at: datetime, hours: int) -> datetime:
    """The last instant for a reservation; past it, what was consumed is accepted for good.

    consumed_at: end of the consumption that the reservation is about. hours: given by the contract.

    Source: 003-13.
    """
    return utc(consumed_at) + timedelta(hours=hours)


def check_reservation(
    starts_at: datetime | None, ends_at: datetime | None, evidence: str, told_at: datetime, hours: int
) -> None:
    """Refuse a reservation that is late or not documented, which the contract treats as withdrawn.

    starts_at, ends_at: period of unavailability; the delay runs from its end. evidence: what shows it.
    Raises Refused.

    Source: 003-13.
    """
    if starts_at is None or ends_at is None or not evidence.strip() or utc(ends_at) < utc(starts_at):
        raise Refused(N_("Une réserve donne la date, l'heure de début, l'heure de fin et un justificatif."))
    in_time = utc(told_at) <= reservation_until(ends_at, hours)
    require(in_time, N_("La réserve arrive après le délai : le service est accepté définitivement."))


def credit_claim_until(period_last_on: date, days: int) -> date:
    """Last day on which the penalties of a period may be claimed.

    period_last_on: last day of the period, not counted. days: calendar days.

    Source: 003-29.
    """
    return period_last_on + timedelta(days=days)


def check_credit_claim(
    claimed_on: date, period_last_on: date, days: int, *, calculation: str, reservations: Iterable[str]
) -> None:
    """Refuse a claim for penalties that is late, or comes without its calculation and its reservations.

    days: calendar days after the last day of the period. reservations: references of those notified.
    Raises Refused.

    Source: 003-28, 003-29.
    """
    in_time = claimed_on <= credit_claim_until(period_last_on, days)
    require(in_time, N_("Le délai pour réclamer les pénalités est passé : le client y a renoncé."))
    complete = bool(calculation.strip()) and any(reference.strip() for reference in reservations)
    require(complete, N_("La réclamation joint le calcul et les références des réserves notifiées."))


def claim_flag(event_on: date, claimed_on: date, months: int, *, consumer: bool) -> ClaimFlag:
    """How a claim stands against the contract's limit; a flag for a person, never a rejection.

    months: the contract's limit from the event. It binds neither a consumer, nor anybody before one year.

    Source: 004-27; L12, C. civ. art. 2254, C. conso. L218-1.
    """
    if claimed_on <= add_months(event_on, months):
        return ClaimFlag.IN_TIME
    if consumer or claimed_on <= add_months(event_on, max(months, SHORTEST_LIMITATION_MONTHS)):
        return ClaimFlag.KEPT_BY_LAW
    return ClaimFlag.TO_BE_JUDGED
