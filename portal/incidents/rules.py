"""Clocks of incidents and of planned work, as pure functions of the contract's values.

Instants are aware; results are UTC. A length in hours is counted on the real clock, so a night when the
hour changes does not shorten it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from portal.deadlines import PARIS, Region, add_business_days, add_months, end_of_paris_day, is_business_day
from portal.errors import Refused
from portal.incidents.instants import aware, require, utc, whole_days
from portal.wording import N_


@dataclass(frozen=True)
class Work:
    """One intervention on the service; announced_on is the Paris day of the e-mail, None if none was sent."""

    starts_on: date
    announced_on: date | None
    emergency: bool  # critical flaw, mass attack or force majeure


def is_off_hours(at: datetime, night_from: int, night_to: int, region: Region = "FR") -> bool:
    """Is it night, a week-end or a public holiday in Paris at that instant?

    night_from, night_to: hours of the Paris clock at which the night begins and ends, 20 and 8 say.
    Raises ValueError for an instant without a time zone.

    Source: 001-26.
    """
    local = aware(at).astimezone(PARIS)
    return local.hour >= night_from or local.hour < night_to or not is_business_day(local.date(), region)


def restore_due_at(
    started_at: datetime, hours: int, *, off_hours_factor: int, night_from: int, night_to: int
) -> datetime:
    """When the service must be back: so many hours after the incident started.

    hours: what the contract gives for that function. off_hours_factor: what it is multiplied by when the
    incident starts at night, on a week-end or on a holiday; 1 where the contract gives no longer time.
    night_from, night_to: hours of the Paris clock.

    Source: 001-24, 001-25, 001-26.
    """
    off = is_off_hours(started_at, night_from, night_to)
    return utc(started_at) + timedelta(hours=hours * (off_hours_factor if off else 1))


def last_announcement_at(work_starts_at: datetime, hours: int) -> datetime:
    """The last instant at which planned work may still be announced by e-mail.

    hours: how long before the work the contract wants the e-mail.

    Source: 000-48, 001-33.
    """
    return utc(work_starts_at) - timedelta(hours=hours)


def is_announced_in_time(announced_at: datetime | None, work_starts_at: datetime, hours: int) -> bool:
    """Was planned work announced early enough? False when it was not announced at all.

    hours: how long before the work the contract wants the e-mail.

    Source: 000-48, 001-33.
    """
    return announced_at is not None and utc(announced_at) <= last_announcement_at(work_starts_at, hours)


def is_excluded_from_downtime(work: Work, notice_days: int) -> bool:
    """Does the contract leave this intervention out of the downtime?

    notice_days: calendar days between the announcement and planned work; emergency work needs none.

    Source: 003-26, 003-27.
    """
    if work.emergency:
        return True
    return work.announced_on is not None and work.announced_on + timedelta(days=notice_days) <= work.starts_on


def response_due_at(opened_at: datetime, minutes: int) -> datetime:
    """When the support must have answered first (GTI).

    opened_at: when the customer opened the ticket. minutes: those of the ticket's severity.

    Source: 003-70, 003-71, 003-72, 003-73.
    """
    return utc(opened_at) + timedelta(minutes=minutes)


def fix_due_at(complete_at: datetime, minutes: int, waited: timedelta = timedelta()) -> datetime:
    """When the incident must be solved (GTR), on the real clock: severities 1 and 2.

    complete_at: when the ticket was open with all that the contract asks for.
    minutes: those of the severity. waited: how long the support waited for the customer's answers.

    Source: 003-70, 003-71, 003-73.
    """
    return utc(complete_at) + timedelta(minutes=minutes) + waited


def fix_due_in_business_hours(
    complete_at: datetime, hours: int, hours_per_day: int, waited: timedelta = timedelta()
) -> datetime:
    """When the incident must be solved (GTR) where the contract counts business hours: severity 3.

    hours, hours_per_day: 48 and 8 are 6 business days; the due time is that of the ticket, six business
    days later. A ticket completed on a closed day counts from the midnight that begins the next open day.
    waited: how long the support waited for the customer on business days.
    Raises Refused when the hours are not whole business days.

    Source: 003-72, 003-73.
    """
    local = aware(complete_at).astimezone(PARIS)
    day, hour = local.date(), local.time()
    if not is_business_day(day):
        day, hour = add_business_days(day, 1), time()
    days, rest = divmod(waited, timedelta(days=1))
    due = datetime.combine(add_business_days(day, whole_days(hours, hours_per_day) + days), hour) + rest
    while not is_business_day(due.date()):
        due += timedelta(days=1)
    return due.replace(tzinfo=PARIS).astimezone(UTC)


def fix_time(
    complete_at: datetime, resolved_at: datetime, waits: Iterable[tuple[datetime, datetime]] = ()
) -> timedelta:
    """How long the fix took: from the complete ticket to the solution, without the customer's answer time.

    waits: question asked, answer received; what overlaps or lies outside is not taken off twice.
    Raises Refused when the solution comes before the ticket, or an answer before its question.

    Source: 003-73.
    """
    start, end = utc(complete_at), utc(resolved_at)
    require(start <= end, N_("Un incident ne peut pas être résolu avant l'ouverture de son ticket."))
    cut = [(utc(asked), min(utc(answered), max(end, utc(asked)))) for asked, answered in waits]
    return end - start - waited_time(start, cut)


def waited_time(
    since: datetime, waits: Iterable[tuple[datetime, datetime]], *, business_days: bool = False
) -> timedelta:
    """For how long the support waited for the customer's answers, which the clock leaves out.

    since: what lies before does not count. waits: question asked, answer received; what overlaps counts
    once. business_days: only what lies on business days of Paris counts, as for a delay in business hours.
    Raises Refused for an answer before its question.

    Source: 003-73.
    """
    waited, seen = timedelta(), utc(since)
    for asked, answered in sorted((utc(a), utc(b)) for a, b in waits):
        require(asked <= answered, N_("La réponse du client ne peut pas précéder la question."))
        first = max(asked, seen)
        if first < answered:
            waited += _on_business_days(first, answered) if business_days else answered - first
            seen = answered
    return waited


def _on_business_days(first: datetime, last: datetime) -> timedelta:
    """The part of a time that lies on business days of Paris."""
    counted = timedelta()
    while first < last:
        day = first.astimezone(PARIS).date()
        end = min(end_of_paris_day(day), last)
        counted += end - first if is_business_day(day) else timedelta()
        first = end
    return counted


def interruption_starts_at(
    ticket_at: datetime, called_at: datetime, confirmed_at: datetime | None, minutes: int
) -> datetime | None:
    """When the clock of an interruption starts; None as long as the customer has not confirmed in writing.

    ticket_at: time printed on the ticket, kept when the confirmation came in time.
    confirmed_at: e-mail or fax of the customer. minutes: allowed after the call; the confirmation's own
    time counts when it came later.

    Source: 004-13.
    """
    if confirmed_at is None:
        return None
    in_time = utc(confirmed_at) <= utc(called_at) + timedelta(minutes=minutes)
    return utc(ticket_at) if in_time else max(utc(ticket_at), utc(confirmed_at))


def interruption_time(starts_at: datetime | None, restored_at: datetime) -> timedelta:
    """How long the interruption lasted, as the closing sets it; nothing if it was never confirmed.

    Raises Refused when the service is back before the clock started.

    Source: 004-13, 004-16.
    """
    if starts_at is None:
        return timedelta()
    require(starts_at <= restored_at, N_("L'interruption ne peut pas finir avant d'avoir commencé."))
    return utc(restored_at) - utc(starts_at)


def contest_until(closing_told_at: datetime, hours: int) -> datetime:
    """The last instant at which the customer may contest the closing of an incident.

    closing_told_at: phone call or e-mail that told the customer. hours: given by the contract.

    Source: 004-17.
    """
    return utc(closing_told_at) + timedelta(hours=hours)


def check_contest(closing_told_at: datetime, contested_at: datetime, reason: str, hours: int) -> None:
    """Refuse a contest that is late or gives no reason; an accepted one goes on under the same ticket.

    hours: given by the contract after the closing was told.
    Raises Refused.

    Source: 004-17.
    """
    require(bool(reason.strip()), N_("La contestation de la clôture doit être motivée."))
    in_time = utc(contested_at) <= contest_until(closing_told_at, hours)
    require(in_time, N_("Le délai de contestation de la clôture est passé : elle est acceptée."))


def report_due_on(closed_on: date, business_days: int) -> date:
    """The day by which the incident report is made available to the customer.

    closed_on: Paris day of the closing, not counted.

    Source: 004-18.
    """
    return add_business_days(closed_on, business_days)


def check_wished_test(asked_on: date, wished_on: date, notice_months: int, clause: str) -> None:
    """A penetration test is asked for so many months before. Paris days. Raises Refused for an earlier one.

    Source: 003-41.
    """
    earliest = add_months(asked_on, notice_months)
    if wished_on < earliest:
        raise Refused(
            N_("Au plus tôt le %(day)s : le contrat demande ce délai (%(clause)s)."),
            field="wished_on",
            day=earliest,
            clause=clause,
        )


def check_wished_audit(wished_on: date, others: Iterable[date], per_year: int, clause: str) -> None:
    """So many audits a year at most. others: the days (Paris) of those asked for already.

    Raises Refused for one too many in the twelve months around it.

    Source: 001-20, 003-40.
    """
    near = [day for day in others if add_months(min(day, wished_on), 12) > max(day, wished_on)]
    if len(near) >= per_year:
        raise Refused(
            N_("Un audit est déjà demandé à moins d'un an de ce jour (%(clause)s)."),
            field="wished_on",
            clause=clause,
        )


def is_ticket_billable(*, outside_scope: bool, abnormal_use: bool) -> bool:
    """May a ticket be billed, once checked? Yes if it was not ours to solve, or came of abnormal use.

    Source: 004-15.
    """
    return outside_scope or abnormal_use
