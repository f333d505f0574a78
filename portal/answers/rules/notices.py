"""Notices: the last day to give one, and the day on which it ends the contract."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.answers.rules.periods import Period, period_at
from portal.deadlines import add_months, period_bounds
from portal.errors import Refused
from portal.wording import N_


def notice_counts_on(posted_on: date, first_presented_on: date | None = None) -> date:
    """The day that counts for a registered letter: that of its posting, whenever it is received.

    Raises Refused for a letter presented before it was posted.

    Source: 000-55, 001-15, 004-37; A16.
    """
    if first_presented_on is not None and first_presented_on < posted_on:
        raise Refused(N_("Une lettre ne peut être présentée avant son envoi."))
    return posted_on


def last_notice_day(echeance: date, *, months: int = 0, days: int = 0) -> date:
    """The last day on which a notice still ends the contract at this échéance, included.

    echeance: first day after the period. months, days: notice of the contract; the day is clamped to the
    end of its month.

    Source: 000-13, 000-14, 000-55, 001-44, 004-37.
    """
    return add_months(echeance, -months) - timedelta(days=days)


def contract_end(
    anchor: date, period_months: int, notified_on: date, *, months: int = 0, days: int = 0
) -> date:
    """The échéance at which a notice sent on that day ends the contract.

    A notice that comes too late for the present period ends the next one: the contract was renewed.
    Raises Refused for a notice before the contract started.

    Source: 000-13, 000-14, 000-55, 001-11, 001-13, 001-44, 004-37.
    """
    if notified_on < anchor:
        raise Refused(N_("La résiliation ne peut pas précéder le début du contrat."))
    period = period_at(anchor, period_months, notified_on)
    while notified_on > last_notice_day(period.ends_on, months=months, days=days):
        start, end = period_bounds(anchor, period_months, period.index + 1)
        period = Period(period.index + 1, start, end)
    return period.ends_on


@dataclass(frozen=True, slots=True)
class ReminderWindow:
    """First and last day on which the renewal reminder may be sent, both included."""

    opens_on: date
    closes_on: date


def reminder_window(last_notice_on: date, from_months: int, to_months: int) -> ReminderWindow:
    """When a customer who is not in business must be told that the contract is about to renew.

    last_notice_on: last day to refuse the renewal. from_months, to_months: at most and at least, before it.

    Source: L2 (C. conso L215-1, L215-3), over 000-14 and 001-13.
    """
    return ReminderWindow(add_months(last_notice_on, -from_months), add_months(last_notice_on, -to_months))


def may_leave_freely(reminded_on: date | None, window: ReminderWindow, renewed_on: date, on: date) -> bool:
    """May such a customer end a renewed contract at any time, since the reminder was missed?

    reminded_on: the day the reminder was sent, None when it never was.

    Source: L2 (C. conso L215-1), over 000-14, 000-55 and 001-44.
    """
    told = reminded_on is not None and window.opens_on <= reminded_on <= window.closes_on
    return on >= renewed_on and not told


def effective_after_days(notified_on: date, days: int) -> date:
    """The day at whose midnight (Paris) the contract ends, so many days after the notice was sent.

    Not moved when it is not a business day.

    Source: 003-21, 003-24.
    """
    return notified_on + timedelta(days=days)


def early_end(notified_on: date, notice_months: int) -> date:
    """The effective day of an early end by the customer, after its notice.

    Source: 004-42.
    """
    return add_months(notified_on, notice_months)


def end_without_term(notified_on: date, months: int) -> date:
    """The end of a contract that went on without a new term, once its notice has run.

    months: notice of the contract, from the day on which it was sent.

    Source: 004-04, 004-37; C. civ. 1214, 1215 (renewed, and of indefinite duration unless agreed).
    """
    return add_months(notified_on, months)


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of provider under the law: each is the last day of its stage at the latest."""

    notice_ends_on: date
    transition_ends_on: date
    retrieval_ends_on: date

    @property
    def ends_on(self) -> date:
        """First day without service: the last day of the transition still has it.

        Source: L5 (regulation (EU) 2023/2854, art. 25).
        """
        return self.transition_ends_on + timedelta(days=1)


def switch_stages(
    notified_on: date,
    notice_months: int,
    transition_days: int,
    retrieval_days: int,
    *,
    until: date | None = None,
    provider_months: int | None = None,
) -> Switch:
    """Notice, transition and retrieval of a change of provider.

    notice_months: at most two; transition_days, retrieval_days: thirty each. until: the last day of a longer
    transition, as the customer wishes or the provider needs. provider_months: the longest that the provider
    may take, counted from the end of the notice; None where the customer wishes it. Raises Refused for a
    transition that is not longer, or longer than the provider may take.

    Source: L5 (regulation (EU) 2023/2854, art. 25 (2), (4) and (5)).
    """
    notice = add_months(notified_on, notice_months)
    transition = notice + timedelta(days=transition_days)
    if until is not None:
        if until < transition:
            raise Refused(
                N_("Une transition prolongée finit au plus tôt le %(day)s."),
                field="transition_until",
                day=transition.strftime("%d/%m/%Y"),
            )
        longest = add_months(notice, provider_months) if provider_months is not None else until
        if until > longest:
            raise Refused(
                N_("Le fournisseur ne prolonge pas la transition au-delà du %(day)s."),
                field="transition_until",
                day=longest.strftime("%d/%m/%Y"),
            )
        transition = until
    return Switch(notice, transition, transition + timedelta(days=retrieval_days))
