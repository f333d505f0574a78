"""What a termination or a withdrawal leads to: dates, penalty, refund, and how long the data is kept."""

from datetime import date, timedelta
from decimal import Decimal

from portal.billing.refunds import metered_end_penalty_cents, refund_at_end_cents, unused_refund_cents
from portal.reversibility.rules import contractual_erasure_on, request_closes_on
from portal.simulator.case import Event
from portal.simulator.outcome import Source
from portal.simulator.state import State
from portal.simulator.switching import show_stages
from portal.subscriptions.rules.breaches import (
    breach_effective_on,
    ends_without_indemnity,
    may_act_from,
    provider_ends_on,
)
from portal.subscriptions.rules.fees import due_at_once_cents, early_end_penalty_cents, months_left
from portal.subscriptions.rules.notices import contract_end, early_end, effective_after_days, last_notice_day
from portal.subscriptions.rules.periods import last_usable_day, period_at
from portal.terms.statute import SWITCHING, Statute
from portal.terms.values import Value
from portal.wording import N_, Cents, Sentence, Word

_FOR_BREACH = ("breach", "non_payment")


def terminate(state: State, event: Event) -> None:
    """A notice of termination, by either party.

    Source: 000-13, 000-14, 000-54..57, 001-44..48, 003-17, 003-21..24, 004-37..43; L2, L5.
    """
    if state.ends_on is not None:
        raise state.refuse(
            event, N_("le contrat est déjà résilié, avec effet au %(day)s."), day=_fr(state.ends_on)
        )
    state.ended_by = event["by"]
    by_provider = event["by"] == "provider"
    for_breach = event["reason"] in _FOR_BREACH
    if event["reason"] == "non_payment" and not by_provider:
        raise state.refuse(event, N_("un client ne résilie pas pour son propre impayé."))
    if _without_indemnity(state, event):
        return
    if for_breach and state.find("breach.cure_days") and _after_notice(state, event):
        return
    if by_provider:
        _by_provider(state, event)
    else:
        _by_customer(state, event)


def _without_indemnity(state: State, event: Event) -> bool:
    causes = state.find("termination.free_causes")
    if causes is None or not ends_without_indemnity(event["reason"], causes.value):
        return False
    _end(state, event, event.on, causes)
    state.amount(
        "early_end_penalty",
        0,
        causes,
        working=state.sentence(N_("Cause qui met fin au contrat sans indemnité.")),
    )
    return True


def _after_notice(state: State, event: Event) -> bool:
    """An end for breach: after a formal notice left without effect. False: this is not such an end."""
    cure = state.get("breach.cure_days")
    effective = state.find("breach.effective_days")
    if effective is None and event["by"] == "provider" and event["reason"] == "non_payment":
        return False  # the contract has a shorter way
    _check_cured(state, event, cure)
    if effective is not None:
        ends_on = breach_effective_on(event.on, effective.value)
        working = state.sentence(
            N_("Courriel du %(on)s, plus %(days)d jours."), on=event.on, days=effective.value
        )
        _end(state, event, ends_on, effective, working=working)
        return True
    _end(state, event, event.on, cure)
    _due_at_once(state, event.on, cure)
    return True


def _check_cured(state: State, event: Event, cure: Value) -> None:
    notice = state.formal_notice
    if notice is None:
        state.remark(
            N_(
                "%(clause)s : la résiliation suppose une mise en demeure restée sans effet %(days)d jours ; "
                "le cas n'en donne pas."
            ),
            clause=cure.clause,
            days=cure.value,
        )
        return
    first = may_act_from(_noticed_on(state, notice), cure.value)
    if event.on < first:
        raise state.refuse(
            event,
            N_("trop tôt : %(clause)s laisse remédier, la résiliation est possible dès le %(day)s."),
            clause=cure.clause,
            day=_fr(first),
        )


def _noticed_on(state: State, notice: Event) -> date:
    received: date | None = notice.get("received_on")
    return received if received is not None and state.find("breach.cure_from") else notice.on


def _due_at_once(state: State, ended_on: date, source: Value) -> None:
    months = state.get(f"plan.{state.case.plan}.period_months")
    period = period_at(state.case.started_on, months.value, ended_on)
    cents = due_at_once_cents(state.case.monthly_fee_cents, ended_on, period.ends_on)
    working = state.sentence(
        N_("%(n)d mois de %(monthly)s jusqu'au %(end)s : la période commencée reste due."),
        n=months_left(ended_on, period.ends_on),
        monthly=Cents(state.case.monthly_fee_cents),
        end=period.ends_on,
    )
    state.amount("period_due", cents, source, working=working)


def _by_provider(state: State, event: Event) -> None:
    after = state.find("termination.effective_days")
    if after is not None:
        _end_after_days(state, event, after)
        return
    causes, notice = state.get("termination.provider_causes"), state.get("termination.provider_notice_days")
    ends_on = provider_ends_on(event.on, notice.value, event["reason"], causes.value)
    working = state.sentence(N_("Sans préavis, pour : %(reason)s."), reason=event["reason"])
    _end(state, event, ends_on, notice, working=working)
    _refund(state, ends_on, state.get("termination.provider_refund"))
    if state.find("early_end.notice_months"):
        _due_at_once(state, ends_on, notice)


def _by_customer(state: State, event: Event) -> None:
    after = state.find("termination.effective_days")
    if after is not None:
        _end_after_days(state, event, after)
        _refund(state, state.ends_on or event.on, state.get("termination.customer_refund"))
        return
    if state.find("early_end.notice_months"):
        _early_or_at_term(state, event)
    else:
        _at_echeance(state, event)


def _end_after_days(state: State, event: Event, after: Value) -> None:
    ends_on = effective_after_days(event.on, after.value)
    midnight = state.find("termination.midnight")
    working = state.sentence(
        N_("Envoi le %(on)s, plus %(days)d jours, à minuit heure de Paris, jour ouvré ou non."),
        on=event.on,
        days=after.value,
    )
    _end(state, event, ends_on, after, *([midnight] if midnight else []), working=working)
    if event["reason"] in SWITCHING:
        _switch(state, event, ends_on)


def _at_echeance(state: State, event: Event) -> None:
    case, notice = state.case, state.notice
    if notice is None:
        raise state.refuse(event, N_("le contrat ne fixe pas de préavis pour cette formule."))
    months = state.get(f"plan.{case.plan}.period_months")
    ends_on = contract_end(case.started_on, months.value, event.on, **state.notice_length)
    state.when("last_notice_day", last_notice_day(ends_on, **state.notice_length), notice)
    refund = state.get("termination.customer_refund")
    if event["reason"] in SWITCHING:
        by_law = _switch(state, event, ends_on)
        if by_law < ends_on:
            state.when("end_by_contract", ends_on, notice, months)
            _end(state, event, by_law, state.law("switch.notice_months", event.on, "switch").law or notice)
            _refund_unused_by_law(state, event, by_law)
            return
    working = state.sentence(
        N_(
            "Périodes de %(months)d mois comptées depuis le %(start)s ; préavis de %(length)d %(unit)s "
            "avant l'échéance, l'envoi du %(sent)s compte."
        ),
        months=months.value,
        start=case.started_on,
        length=notice.value,
        unit=Word(N_("mois") if notice.unit == "months" else N_("jours")),
        sent=event.on,
    )
    _end(state, event, ends_on, notice, months, working=working)
    _refund(state, ends_on, refund)
    _consumer_way_out(state, event)


def _consumer_way_out(state: State, event: Event) -> None:
    channel = state.law("termination.channel", event.on)
    if channel.by == "law" and channel.law is not None:
        state.remark("%(id)s : %(says)s", id=channel.law.id, says=channel.law.says)
    if state.law("renewal.reminder_to_months", event.on).law is not None:
        state.remark(
            N_("L2 : sans rappel reçu à temps, la sortie est libre à tout moment après la reconduction.")
        )


def _early_or_at_term(state: State, event: Event) -> None:
    """A notice during a commitment: at its term when it comes in time for it, else early, with a penalty."""
    case = state.case
    months, notice = state.get(f"plan.{case.plan}.period_months"), state.get("early_end.notice_months")
    term = contract_end(case.started_on, months.value, event.on, **state.notice_length)
    effective = early_end(event.on, notice.value)
    if event["reason"] in SWITCHING:
        effective = min(effective, _switch(state, event, effective))
    source = state.notice or notice
    last = last_notice_day(term, **state.notice_length)
    state.when("last_notice_day", last, source)
    waits = event.get("at_term")  # the customer may wait for the term, and pay no penalty
    if waits or effective >= term or event.on == last:  # months are clamped: 28/02 still stands for 31/08
        _end(state, event, term, source, months)
        _refund(state, term, state.get("termination.customer_refund"))
        return
    state.when("end_at_term", term, source, months)
    working = state.sentence(
        N_("Résiliation anticipée : %(months)d mois de préavis après l'envoi du %(sent)s."),
        months=notice.value,
        sent=event.on,
    )
    law = state.law("switch.notice_months", event.on, event["reason"]).law
    early_source = law if law is not None and effective < early_end(event.on, notice.value) else notice
    _end(state, event, effective, early_source, working=working)
    _penalties(state, effective, term)
    _refund(state, effective, state.get("termination.customer_refund"))
    state.remark(
        N_("%(clause)s : sans pénalité si la résiliation vaut pour l'échéance du %(term)s."),
        clause=source.clause,
        term=term,
    )


def _penalties(state: State, effective: date, term: date) -> None:
    rate, monthly = state.get("early_end.flat_penalty_basis_points"), state.case.monthly_fee_cents
    flat = early_end_penalty_cents(monthly, effective, term, rate.value)
    working = state.sentence(
        N_("%(rate)s %% de %(n)d forfaits de %(monthly)s, du %(effective)s au %(term)s."),
        rate=f"{rate.value / 100:g}",
        n=months_left(effective, term),
        monthly=Cents(monthly),
        effective=effective,
        term=term,
    )
    state.amount("early_end_penalty", flat, rate, working=working)
    if state.metered is not None:
        _metered_penalty(state, effective, term)


def _metered_penalty(state: State, effective: date, term: date) -> None:
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


def _switch(state: State, event: Event, ends_on: date) -> date:
    """The stages of a change of provider; returns the end that the law allows, or the contract's, sooner."""
    stages = show_stages(state, event.on, event["reason"])
    if stages is None:
        return ends_on
    return min(stages.transition_ends_on, ends_on)


def _end(
    state: State, event: Event, ends_on: date, *sources: Source, working: Sentence | None = None
) -> None:
    """Fix the end of the contract and what follows from it."""
    state.ends_on = ends_on
    state.when("contract_ends", ends_on, *sources, working=working)
    state.status(event.on, "notice_given")
    state.status(ends_on, "ended")
    stops = state.find("service.stops")
    if stops is not None:
        last = last_usable_day(ends_on)
        paid = state.case.paid_through
        cut_short = event["by"] == "provider" or isinstance(sources[0], Statute)
        state.when("last_usable_day", last if cut_short or paid is None else max(last, paid), stops)
    _data(state, ends_on)


def _data(state: State, ends_on: date) -> None:
    """How long the data stays, when nothing is asked for."""
    window = state.find("reversibility.window_days")
    if window is not None:
        state.when("data_request_closes", request_closes_on(ends_on, window.value), window)
    by_provider = state.find("erasure.provider_grace_days") if state.ended_by == "provider" else None
    grace, business = by_provider or state.find("erasure.grace_days"), state.find("erasure.business_days")
    source = grace or business
    if source is None:
        state.remark(N_("Le contrat ne dit pas combien de temps les données restent après la fin."))
        return
    on = contractual_erasure_on(
        ends_on,
        days=grace.value if grace else 0,
        business_days=business.value if business else 0,
        window_days=window.value if window else 0,
    )
    state.when("data_erased", on, source)


def _paid_period(state: State, ends_on: date) -> tuple[int, int, int]:
    """Cents paid for the period of the end, its days, and the days of it that were used."""
    case = state.case
    months = state.get(f"plan.{case.plan}.period_months")
    period = period_at(case.started_on, months.value, ends_on)
    paid_before = period.ends_on if case.paid_through is None else case.paid_through + timedelta(days=1)
    if paid_before <= ends_on:
        return 0, 1, 1
    paid = months_left(period.starts_on, paid_before) * case.monthly_fee_cents
    return paid, (paid_before - period.starts_on).days, (ends_on - period.starts_on).days


def _refund(state: State, ends_on: date, policy: Value) -> None:
    paid, total, used = _paid_period(state, ends_on)
    cents = refund_at_end_cents(policy.value, paid, total, used)
    if policy.value == "none":
        working = state.sentence(N_("Le contrat ne rembourse rien dans ce cas."))
    else:
        working = state.sentence(
            N_("%(paid)s payés pour %(total)d jours, %(used)d utilisés."),
            paid=Cents(paid),
            total=total,
            used=used,
        )
    state.amount("refund", cents, policy, working=working)


def _refund_unused_by_law(state: State, event: Event, ends_on: date) -> None:
    law = state.law("switch.notice_months", event.on, event["reason"]).law
    paid, total, used = _paid_period(state, ends_on)
    working = state.sentence(
        N_(
            "Un changement de fournisseur rend la part payée d'avance : %(paid)s pour %(total)d jours, "
            "%(used)d utilisés."
        ),
        paid=Cents(paid),
        total=total,
        used=used,
    )
    assert law is not None
    state.amount("refund", unused_refund_cents(paid, total, used), law, working=working)


def _fr(day: date) -> str:
    return day.strftime("%d/%m/%Y")
