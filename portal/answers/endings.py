"""What every end leads to, whoever gives it: its day, the last day of use, the money, how long the data
stays.
"""

from datetime import date, timedelta
from decimal import Decimal

from portal.answers.case import Event
from portal.answers.handover_request import after_the_end
from portal.answers.rules.breaches import administrator_silent_from, ends_without_indemnity
from portal.answers.rules.periods import last_usable_day
from portal.answers.state import State
from portal.billing.refunds import metered_end_penalty_cents, refund_at_end_cents, unused_refund_cents
from portal.terms.answered import Source
from portal.terms.statute import Statute
from portal.terms.values import Value
from portal.wording import N_, Cents, Sentence


def check_not_ended(state: State, event: Event) -> None:
    """Raises Refused when the contract has an end already."""
    if state.ends_on is not None:
        raise state.refuse(
            event,
            N_("le contrat est déjà résilié, avec effet au %(day)s."),
            day=state.ends_on.strftime("%d/%m/%Y"),
        )


def free_cause(state: State, event: Event) -> bool:
    """The end at once, without indemnity, for a cause that the contract lists.

    Source: 004-39.
    """
    causes = state.find("termination.free_causes")
    if causes is None or not ends_without_indemnity(event["reason"], causes.value):
        return False
    if event["reason"] == "receivership":
        _administrator_decides(state, event)
    end(state, event, event.on, causes)
    working = state.sentence(N_("Cause qui met fin au contrat sans indemnité."))
    state.amount("early_end_penalty", 0, causes, working=working)
    return True


def _administrator_decides(state: State, event: Event) -> None:
    """A receivership alone ends nothing: its administrator gives the contract up, or stays silent too long.

    Raises Refused where he continues the contract, and before his time is over.

    Source: 004-39; C. com. L622-13 I, III.
    """
    said, months = event.get("administrator") or "silent", state.find("receivership.answer_months")
    if said == "continues":
        raise state.refuse(event, N_("l'administrateur judiciaire continue le contrat."))
    if said == "gives_up" or months is None:
        return
    asked_on: date | None = event.get("asked_on")
    if asked_on is None:
        state.remark(
            N_(
                "%(clause)s : l'administrateur judiciaire décide d'abord ; sans réponse, le contrat finit "
                "plus de %(months)d mois après la mise en demeure (C. com. L622-13) ; le cas n'en donne pas."
            ),
            clause=months.clause,
            months=months.value,
        )
        return
    first = administrator_silent_from(asked_on, months.value)
    state.when("administrator_silent_from", first, months)
    if event.on < first:
        raise state.refuse(
            event,
            N_(
                "trop tôt : l'administrateur judiciaire peut encore répondre ; "
                "la fin est possible dès le %(day)s."
            ),
            day=first.strftime("%d/%m/%Y"),
        )


def end(
    state: State, event: Event, ends_on: date, *sources: Source | None, working: Sentence | None = None
) -> None:
    """Fix the end of the contract (first day without service) and what follows from it."""
    known = [source for source in sources if source is not None]
    state.ends_on = ends_on
    state.when("contract_ends", ends_on, *known, working=working)
    state.status(event.on, "notice_given")
    state.status(ends_on, "ended")
    stops = state.find("service.stops")
    if stops is not None:
        last, paid = last_usable_day(ends_on), state.case.paid_through
        cut_short = event["by"] == "provider" or isinstance(known[0], Statute)
        state.when("last_usable_day", last if cut_short or paid is None else max(last, paid), stops)
    after_the_end(state, ends_on)


def refund(state: State, ends_on: date, policy: Value) -> None:
    """What comes back by the contract's own rule for whoever ends it.

    Where it gives nothing back, it keeps what pays for services rendered: a period that was billed ahead and
    never begins comes back all the same.

    Source: 000-54, 000-57, 001-45, 001-47, 003-45, 004-38, 004-41.
    """
    paid, total, used = _paid_ahead(state, ends_on)
    cents = refund_at_end_cents(policy.value, paid, total, used)
    working = state.sentence(N_("Le contrat ne rembourse rien dans ce cas."))
    if policy.value != "none":
        working = state.sentence(
            N_("%(paid)s payés pour %(total)d jours, %(used)d utilisés."),
            paid=Cents(paid),
            total=total,
            used=used,
        )
    elif count := _never_begun(state, ends_on):
        cents = count * state.billed_cents
        working = state.sentence(
            N_("%(cents)s facturés d'avance pour ce qui ne commence plus après le %(end)s."),
            cents=Cents(cents),
            end=ends_on,
        )
    state.amount("refund", cents, policy, working=working, includes_vat=state.case.includes_vat)


def refund_unused(state: State, ends_on: date, law: Source) -> None:
    """What was paid for days after the end comes back, by law or where the contract says so.

    Source: 003-06, 003-18; L2, L5.
    """
    paid, total, used = _paid_ahead(state, ends_on)
    working = state.sentence(
        N_("La part payée d'avance est rendue : %(paid)s pour %(total)d jours, %(used)d utilisés."),
        paid=Cents(paid),
        total=total,
        used=used,
    )
    cents = unused_refund_cents(paid, total, used)
    policy = state.find("termination.customer_refund")
    state.amount("refund", cents, law, policy, working=working, includes_vat=state.case.includes_vat)


def _paid_ahead(state: State, ends_on: date) -> tuple[int, int, int]:
    """Cents paid from the begun billing period on, its days up to the last paid one, and those used."""
    period = state.billed_period(ends_on)
    paid_before = (
        period.ends_on if state.case.paid_through is None else state.case.paid_through + timedelta(days=1)
    )
    if paid_before <= ends_on:
        return 0, 1, 1
    periods = state.billed_period(paid_before - timedelta(days=1)).index - period.index + 1
    paid = periods * state.billed_cents
    return paid, (paid_before - period.starts_on).days, (ends_on - period.starts_on).days


def _never_begun(state: State, ends_on: date) -> int:
    """Billing periods that were billed and would begin on the end or after it."""
    paid_through = state.case.paid_through
    if paid_through is None or paid_through < ends_on:
        return 0
    return state.billed_period(paid_through).index - state.billed_period(ends_on - timedelta(days=1)).index


def used(state: State, event: Event) -> None:
    """What a mean month of metered modules was, for what an early end costs.

    Source: 004-43.
    """
    state.metered = event


def metered_penalty(state: State, effective: date, term: date) -> None:
    """What an early end costs for metered modules.

    Source: 004-43; A18.
    """
    usage, source = state.metered, state.get("early_end.metered_months")
    assert usage is not None
    days = (term - effective).days
    average: Decimal = usage["metered_average"]
    cents = metered_end_penalty_cents(average, usage["unit_price_micros"], days)
    working = state.sentence(
        N_("Moyenne de %(average)s par mois × %(price)s € × %(days)d jours / (365 / 12)."),
        average=average,
        price=Decimal(usage["unit_price_micros"]).scaleb(-6).normalize(),
        days=days,
    )
    state.amount("metered_end_penalty", cents, source, working=working)
