"""A customer's notice: which clause or law gives the end, what it costs, what comes back, until when it is
used.

The choice among the clauses is made here, once, for whoever asks and whoever acts.
"""

from datetime import date

from portal.answers.case import PROVIDERS_OWN, Event
from portal.answers.endings import check_not_ended, end, free_cause, metered_penalty, refund, refund_unused
from portal.answers.reminders import unannounced_renewal
from portal.answers.rules.breaches import breach_effective_on, may_act_from
from portal.answers.rules.fees import due_at_once_cents, early_end_penalty_cents, fees_left, whole_months_left
from portal.answers.rules.notices import (
    contract_end,
    early_end,
    effective_after_days,
    end_without_term,
    last_notice_day,
)
from portal.answers.state import State
from portal.answers.switching import show_stages
from portal.answers.unforeseen import end_for_force_majeure
from portal.terms.statute import SWITCHING, Statute
from portal.terms.values import Value
from portal.wording import N_, Cents, Rate, Word

TERMS = "terms_refused"


def terminate(state: State, event: Event) -> None:
    """A notice of termination by the customer.

    Source: 000-13, 000-14, 000-55..57, 001-44, 001-47, 003-21..24, 004-37..39, 004-42, 004-43; L2, L5.
    """
    check_not_ended(state, event)
    state.ended_by = "customer"
    state.out.reasons.add(event["reason"])
    if event["reason"] == "non_payment":
        raise state.refuse(event, N_("un client ne résilie pas pour son propre impayé."))
    if event["reason"] == TERMS and state.find("termination.terms_refused_refund") is None:
        raise state.refuse(event, N_("ce contrat garde sa version : il n'y a rien à refuser."))
    if event["reason"] in PROVIDERS_OWN:
        raise state.refuse(event, N_("seul le prestataire met fin au contrat pour cette cause."))
    if event["reason"] == "force_majeure":
        end_for_force_majeure(state, event)
        return
    for way_out in (free_cause, _unannounced, after_formal_notice, _after_days, _early_or_at_term):
        if way_out(state, event):
            return
    _at_echeance(state, event)


def _unannounced(state: State, event: Event) -> bool:
    """The end at once of a contract that was renewed without its reminder, with the unused part back.

    Source: L2 (C. conso L215-1), over 000-55, 000-57, 001-44, 001-47.
    """
    law = unannounced_renewal(state, event.on)
    if law is None:
        return False
    working = state.sentence(
        N_("La dernière reconduction n'a pas été annoncée dans les temps : la sortie est libre.")
    )
    end(state, event, event.on, law, working=working)
    refund_unused(state, event.on, law)
    return True


def after_formal_notice(state: State, event: Event) -> bool:
    """The end for a breach that a formal notice left without effect.

    Source: 003-17, 004-40.
    """
    cure, effective = state.find("breach.cure_days"), state.find("breach.effective_days")
    if event["reason"] not in ("breach", "non_payment", "grave_breach") or cure is None:
        return False
    if effective is None and event["by"] == "provider" and event["reason"] == "non_payment":
        return False  # the contract has a shorter way
    _check_cured(state, event, cure)
    if effective is not None:
        ends_on = breach_effective_on(event.on, effective.value)
        working = state.sentence(
            N_("Courriel du %(on)s, plus %(days)d jours."), on=event.on, days=effective.value
        )
        end(state, event, ends_on, effective, working=working)
        return True
    end(state, event, event.on, cure)
    due_at_once(state, event.on, cure)
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
    check_from(state, event, may_act_from(noticed_on(state, notice), cure.value), cure)


def check_from(state: State, event: Event, first: date, source: Value) -> None:
    """Raises Refused for an end before the first day that a warning leaves for it.

    Source: 003-17, 004-40, 002-17, 004-24.
    """
    if event.on < first:
        raise state.refuse(
            event,
            N_("trop tôt : %(clause)s laisse remédier, la résiliation est possible dès le %(day)s."),
            clause=source.clause,
            day=first.strftime("%d/%m/%Y"),
        )


def noticed_on(state: State, notice: Event) -> date:
    """The day that a formal notice counts from: its receipt where the contract says so, else its sending."""
    received: date | None = notice.get("received_on")
    return received if received is not None and state.find("breach.cure_from") else notice.on


def due_at_once(state: State, ended_on: date, source: Value) -> None:
    """The period begun, which remains due: the month, or the commitment, as the document's setting reads it.

    Source: 004-40, 004-41.
    """
    case, reading = state.case, state.find("breach.period_due")
    fees = 1
    if reading is not None and reading.value == "commitment":
        anchor = case.anchor_on(ended_on)
        term = contract_end(anchor, state.period.value, ended_on)
        fees = max(whole_months_left(anchor, ended_on, term), 1)
    cents = due_at_once_cents(case.monthly_fee_cents, fees)
    working = state.sentence(
        N_("%(n)d mois de %(monthly)s : la période commencée reste due."),
        n=fees,
        monthly=Cents(case.monthly_fee_cents),
    )
    state.amount("period_due", cents, source, reading, working=working, includes_vat=case.includes_vat)


def _after_days(state: State, event: Event) -> bool:
    """An end so many days after the notice, or sooner where the law on changes of provider gives it.

    Source: 003-18, 003-21, 003-24; L5.
    """
    after = state.find("termination.effective_days")
    if after is None:
        return False
    ends_on = effective_after_days(event.on, after.value)
    sources = [after, state.find("termination.midnight")]
    working = state.sentence(
        N_("Envoi le %(on)s, plus %(days)d jours, à minuit heure de Paris, jour ouvré ou non."),
        on=event.on,
        days=after.value,
    )
    if not _sooner_by_law(state, event, ends_on, after):
        end(state, event, ends_on, *sources, working=working)
        refused = state.find("termination.terms_refused_refund") if event["reason"] == TERMS else None
        refund(state, ends_on, refused or state.get("termination.customer_refund"))
    return True


def _sooner_by_law(state: State, event: Event, by_contract: date, *sources: Value) -> bool:
    """The earlier end that the law gives to a change of provider, with what was paid for afterwards back.

    Source: L5 (regulation (EU) 2023/2854, art. 25), over 000-14, 001-44, 003-21.
    """
    by_law = _switch_end(state, event)
    if by_law is None or (by_law >= by_contract and event.get("transition_until") is None):
        return False
    law = state.law("switch.notice_months", event.on, event["reason"]).law
    assert law is not None
    state.when("end_by_contract", by_contract, *sources)
    working = state.sentence(
        N_("Le préavis légal, puis la transition ; le contrat seul finirait le %(day)s."), day=by_contract
    )
    end(state, event, by_law, law, *sources, working=working)
    refund_unused(state, by_law, law)
    return True


def _switch_end(state: State, event: Event) -> date | None:
    if event["reason"] not in SWITCHING:
        return None
    stages = show_stages(state, event.on, event)
    return stages.ends_on if stages is not None else None


def _at_echeance(state: State, event: Event) -> None:
    case, notice = state.case, state.notice
    if notice is None:
        raise state.refuse(event, N_("le contrat ne fixe pas de préavis pour cette formule."))
    months = state.period
    ends_on = contract_end(case.anchor_on(event.on), months.value, event.on, **state.notice_length)
    state.when("last_notice_day", last_notice_day(ends_on, **state.notice_length), notice)
    if _sooner_by_law(state, event, ends_on, notice, months):
        return
    working = state.sentence(
        N_(
            "Périodes de %(months)d mois comptées depuis le %(start)s ; préavis de %(length)d %(unit)s "
            "avant l'échéance, l'envoi du %(sent)s compte."
        ),
        months=months.value,
        start=case.anchor_on(event.on),
        length=notice.value,
        unit=Word(N_("mois") if notice.unit == "months" else N_("jours")),
        sent=event.on,
    )
    end(state, event, ends_on, notice, months, working=working)
    refund(state, ends_on, state.get("termination.customer_refund"))
    _not_asked_of_her(state, event)


def _not_asked_of_her(state: State, event: Event) -> None:
    """What the law takes away from the clause for this customer: the letter, and the wait without a
    reminder.
    """
    channel = state.law("termination.channel", event.on)
    if channel.by == "law" and channel.law is not None:
        state.remark("%(id)s : %(says)s", id=channel.law.id, says=Word(channel.law.says))
    if state.case.reminded_on is None and state.law("renewal.reminder_to_months", event.on).law is not None:
        state.remark(
            N_("L2 : sans rappel reçu à temps, la sortie est libre à tout moment après la reconduction.")
        )


def _early_or_at_term(state: State, event: Event) -> bool:
    """A notice during a commitment: at its term when it costs no more, else early, with a penalty.

    Source: 004-04, 004-37, 004-42, 004-43; L5.
    """
    notice = state.find("early_end.notice_months")
    if notice is None:
        return False
    source = state.notice or notice
    effective = early_end(event.on, notice.value)
    by_law = _switch_end(state, event)
    law = state.law("switch.notice_months", event.on, event["reason"]).law
    if by_law is not None and (by_law < effective or event.get("transition_until") is not None):
        effective = by_law
    else:
        law = None
    term = _term(state, event)
    if term is None:
        _without_term(state, event, effective if law else None, source, law)
        return True
    last = last_notice_day(term, **state.notice_length)
    state.when("last_notice_day", last, source)
    if event.get("at_term") or effective >= term or _costs_no_more(state, event, effective, term, last):
        end(state, event, term, source, state.period)
        refund(state, term, state.get("termination.customer_refund"))
        return True
    state.when("end_at_term", term, source, state.period)
    working = state.sentence(
        N_("Le préavis légal, puis la transition ; le contrat seul finirait le %(day)s.")
        if law
        else N_("Résiliation anticipée : %(months)d mois de préavis après l'envoi du %(sent)s."),
        months=notice.value,
        sent=event.on,
        day=early_end(event.on, notice.value),
    )
    end(state, event, effective, *((law, notice) if law else (notice,)), working=working)
    _penalties(state, effective, term)
    refund(state, effective, state.get("termination.customer_refund"))
    state.remark(
        N_("%(clause)s : sans pénalité si la résiliation vaut pour l'échéance du %(term)s."),
        clause=source.clause,
        term=term,
    )
    return True


def _term(state: State, event: Event) -> date | None:
    """The term that a notice of this day may still refuse; None once the contract goes on without one."""
    case, months = state.case, state.period
    commitment = state.find("renewal.commitment")
    if commitment is not None and commitment.value == "none":
        anchor = case.anchor_on(event.on)
        first = contract_end(anchor, months.value, anchor)
        return first if event.on <= last_notice_day(first, **state.notice_length) else None
    return contract_end(case.anchor_on(event.on), months.value, event.on, **state.notice_length)


def _without_term(
    state: State, event: Event, by_law: date | None, source: Value, law: Statute | None
) -> None:
    """Renewed, and of indefinite duration: the notice runs, nothing is owed for what does not follow."""
    ends_on = end_without_term(event.on, state.notice_length.get("months", 0))
    working = state.sentence(
        N_("Contrat reconduit, à durée indéterminée : %(months)d mois de préavis après l'envoi du %(sent)s."),
        months=source.value,
        sent=event.on,
    )
    sources = [source, state.find("renewal.commitment")]
    if by_law is not None and by_law < ends_on:
        ends_on = by_law
        end(state, event, ends_on, law, *sources, working=working)
    else:
        end(state, event, ends_on, *sources, working=working)
    refund(state, ends_on, state.get("termination.customer_refund"))


def _costs_no_more(state: State, event: Event, effective: date, term: date, last: date) -> bool:
    """Is waiting for the term as cheap as the early end? A letter in time that names no end means the
    cheaper.
    """
    reading = state.find("early_end.in_time")
    if reading is not None and reading.value == "early":
        return event.on == last  # months are clamped: 28/02 still stands for 31/08
    return _fees_left(state, effective, term) == 0


def _fees_left(state: State, effective: date, term: date) -> int:
    both = state.find("early_end.counts_begun_month")
    counts = both is not None and bool(both.value)
    return fees_left(state.case.anchor_on(effective), effective, term, counts_begun_month=counts)


def _penalties(state: State, effective: date, term: date) -> None:
    rate, monthly = state.get("early_end.flat_penalty_basis_points"), state.case.monthly_fee_cents
    fees = _fees_left(state, effective, term)
    flat = early_end_penalty_cents(fees, monthly, rate.value)
    working = state.sentence(
        N_("%(rate)s %% de %(n)d forfaits de %(monthly)s, du %(effective)s au %(term)s."),
        rate=Rate(rate.value),
        n=fees,
        monthly=Cents(monthly),
        effective=effective,
        term=term,
    )
    reading = state.find("early_end.counts_begun_month")
    state.amount(
        "early_end_penalty", flat, rate, reading, working=working, includes_vat=state.case.includes_vat
    )
    if state.metered is not None:
        metered_penalty(state, effective, term)
