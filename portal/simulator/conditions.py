"""Force majeure and changes of price."""

from datetime import date, timedelta

from portal.answers.case import Event
from portal.answers.growth import growth_of
from portal.answers.rules.force_majeure import force_majeure_end_on, suspended_until
from portal.answers.rules.periods import period_at, price_kept_through
from portal.answers.state import State
from portal.billing.rules import earliest_price_change
from portal.deadlines import PARIS, add_months, start_of_paris_day
from portal.incidents.liability import extended_end
from portal.terms.values import Value
from portal.wording import N_


def force_majeure(state: State, event: Event) -> None:
    """An event beyond both parties: suspension, talks, way out, or a longer term.

    Source: 000-51, 001-36, 003-37, 004-23.
    """
    ended: date | None = event.get("ended_on")
    state.status(event.on, "force_majeure")
    if ended is not None:
        state.status(ended, "active")
    suspension, longest = (
        state.find("force_majeure.suspension_days"),
        state.find("force_majeure.end_after_days"),
    )
    if suspension is not None:
        talks = state.get("force_majeure.talks_days")
        state.when("suspension_ends", suspended_until(event.on, suspension.value), suspension)
        state.when("talks_end", event.on + timedelta(days=talks.value), talks)
        state.remark(
            N_("%(clause)s : sans solution à la fin des discussions, le contrat est rompu sans indemnité."),
            clause=talks.clause,
        )
    elif longest is not None:
        _long(state, event, longest, ended)
    elif ended is not None and state.case.plan != "on_demand":
        _extended(state, event, ended)


def _long(state: State, event: Event, longest: Value, ended: date | None) -> None:
    first = event.on + timedelta(days=longest.value + 1)
    if ended is not None and ended < first:
        state.remark(
            N_("%(clause)s : finie avant %(days)d jours, elle ne met pas fin au contrat."),
            clause=longest.clause,
            days=longest.value,
        )
        return
    notice = state.get("force_majeure.end_notice_days")
    state.when("may_terminate_from", first, longest)
    ends_on = force_majeure_end_on(event.on, first, lasting_days=longest.value, notice_days=notice.value)
    state.when("earliest_end_for_force_majeure", ends_on, notice)


def _extended(state: State, event: Event, ended: date) -> None:
    case, source = state.case, state.get("force_majeure.extends_fixed_term")
    months = state.get(f"plan.{case.plan}.period_months")
    term = period_at(case.anchor_on(event.on), months.value, event.on).ends_on
    later = extended_end(
        start_of_paris_day(term), [(start_of_paris_day(event.on), start_of_paris_day(ended))]
    )
    working = state.sentence(
        N_("Échéance du %(term)s, plus %(days)d jours d'indisponibilité."),
        term=term,
        days=(ended - event.on).days,
    )
    state.when("term_extended_to", later.astimezone(PARIS).date(), source, months, working=working)


def price_change(state: State, event: Event) -> None:
    """A new price: when it was to be told, and from when it may be asked for.

    Source: 000-23, 000-26, 001-17, 003-08, 004-36.
    """
    wanted: date = event["effective_on"]
    notice, lock = state.find("price.revision_notice_months"), state.find("price.lock_months")
    growth, overuse = state.find("price.growth_applies"), state.find("price.overuse")
    if notice is not None:
        told_by = add_months(wanted, -notice.value)
        state.when("price_notice_due", told_by, notice)
        applies = max(wanted, earliest_price_change(event.on, notice.value))
        sources = [notice]
        if lock is not None:
            kept = price_kept_through(state.case.started_on, lock.value)
            if applies <= kept:
                applies, sources = kept + timedelta(days=1), [lock, notice]
        working = state.sentence(
            N_("Annoncé le %(on)s, %(months)d mois avant au moins."), on=event.on, months=notice.value
        )
        state.when("price_applies", applies, *sources, working=working)
    elif growth is not None:
        _growth(state, event, growth)
    elif overuse is not None:
        state.remark(
            N_(
                "%(clause)s : le prix ne change que si l'usage dépasse le contrat, à la grille "
                "publique en vigueur."
            ),
            clause=overuse.clause,
        )
    else:
        channel = state.get("notice.channel")
        state.when("price_applies", wanted, channel)


def _growth(state: State, event: Event, source: Value) -> None:
    grown = growth_of(state, event.on)
    assert grown is not None
    state.when("price_applies", grown.price_from_on, source)
    again = state.find("price.growth_recommits")
    if again is not None and again.value:
        state.when("recommitted_until", grown.committed_until_on, source, again)
