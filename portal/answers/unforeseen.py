"""The end of a contract after force majeure, by either party."""

from datetime import date

from portal.answers.case import Event
from portal.answers.endings import end
from portal.answers.rules.breaches import may_act_from
from portal.answers.rules.force_majeure import force_majeure_end_on, is_ended_by_failed_talks
from portal.answers.state import State
from portal.wording import N_


def end_for_force_majeure(state: State, event: Event) -> None:
    """So many days after a letter once it lasted long enough, or by itself once the talks have failed.

    The event's ``since_on`` is its first day, and that of the talks.

    Source: 000-51, 001-36, 004-23.
    """
    since: date | None = event.get("since_on")
    longest, talks = state.find("force_majeure.end_after_days"), state.find("force_majeure.talks_days")
    if longest is None and talks is None:
        raise state.refuse(event, N_("ce contrat ne finit pas par la force majeure."))
    if since is None or since > event.on:
        raise state.refuse(event, N_("indiquez depuis quand dure la force majeure."))
    if longest is not None:
        notice = state.get("force_majeure.end_notice_days")
        ends_on = force_majeure_end_on(since, event.on, lasting_days=longest.value, notice_days=notice.value)
        working = state.sentence(N_("Lettre du %(on)s, plus %(days)d jours."), on=event.on, days=notice.value)
        end(state, event, ends_on, longest, notice, working=working)
        return
    assert talks is not None
    if not is_ended_by_failed_talks(since, event.on, talks.value, solution_found=False):
        raise state.refuse(
            event,
            N_("trop tôt : %(clause)s laisse discuter, la fin est possible dès le %(day)s."),
            clause=talks.clause,
            day=may_act_from(since, talks.value).strftime("%d/%m/%Y"),
        )
    working = state.sentence(N_("Discussions de %(days)d jours sans solution."), days=talks.value)
    end(state, event, event.on, talks, working=working)
