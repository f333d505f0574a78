"""Giving the data back: deadlines, fee, and how long nothing may be erased."""

from datetime import date

from portal.reversibility.rules import (
    contractual_erasure_on,
    delivery_due_on,
    held_until,
    kept_through,
    request_closes_on,
    silent_acceptance_on,
)
from portal.simulator.case import Event
from portal.simulator.state import State
from portal.simulator.switching import show_stages
from portal.subscriptions.rules.fees import contract_reversibility_fee_cents, reversibility_fee_cents
from portal.terms.statute import SWITCHING
from portal.wording import N_, Cents, Word


def request(state: State, event: Event) -> None:
    """A request for the data, or for its destruction.

    Source: 001-48..51, 002-20, 002-23, 003-22..24, 004-30..33; L5, A4, A5.
    """
    received: date = event.get("received_on") or event.on
    _check_window(state, event, received)
    ready = None if event["reason"] == "destroy" else _delivery(state, event, received)
    _fee(state, event, received)
    _erasure(state, event, received, ready)
    if event["reason"] in SWITCHING and state.out.find("transition_ends") is None:
        show_stages(state, received, event["reason"])


def _check_window(state: State, event: Event, received: date) -> None:
    window = state.find("reversibility.window_days")
    if state.ends_on is None:
        return
    closes = request_closes_on(state.ends_on, window.value) if window else None
    recovery = state.find("reversibility.moves_end")
    if recovery is not None:
        closes, window = state.ends_on, recovery
    if closes is not None and window is not None and received > closes:
        raise state.refuse(
            event,
            N_("trop tard : les données se demandaient jusqu'au %(day)s (%(clause)s)."),
            day=closes.strftime("%d/%m/%Y"),
            clause=window.clause,
        )


def _delivery(state: State, event: Event, received: date) -> date | None:
    """The day by which the copy is there; None where the contract sets none."""
    business = state.find("reversibility.delivery_business_days")
    days = state.find("reversibility.delivery_days")
    source = business or days
    if source is None:
        if state.find("reversibility.by_quote"):
            gate = state.get("reversibility.gate_on_payment")
            state.remark(
                N_(
                    "%(clause)s : devis, accord, puis remise des données au paiement ; la fin du "
                    "contrat est reportée au jour de leur réception."
                ),
                clause=gate.clause,
            )
        else:
            state.remark(
                N_(
                    "Le contrat ne prévoit pas de restitution ; le client récupère ses données "
                    "lui-même avec le logiciel."
                )
            )
        return None
    due = delivery_due_on(
        received, days=days.value if days else 0, business_days=business.value if business else 0
    )
    working = state.sentence(
        N_("Demande reçue le %(on)s, plus %(n)d %(unit)s."),
        on=received,
        n=source.value,
        unit=Word(N_("jours ouvrés") if business else N_("jours")),
    )
    state.when("data_delivered_by", due, source, working=working)
    validation = state.find("reversibility.validation_business_days")
    if validation is not None:
        working = state.sentence(
            N_("Copie remise le %(on)s, plus %(n)d jours ouvrés : le silence vaut validation."),
            on=due,
            n=validation.value,
        )
        state.when(
            "silent_validation", silent_acceptance_on(due, validation.value), validation, working=working
        )
    return due


def _fee(state: State, event: Event, received: date) -> None:
    months, minimum = state.find("reversibility.fee_months"), state.find("reversibility.fee_minimum_cents")
    charge = state.law("reversibility.charge", received, event["reason"])
    if months is None or minimum is None:
        if charge.law is not None and charge.value == "none":
            working = state.sentence(N_("La loi interdit tout frais de changement de fournisseur."))
            state.amount("reversibility_fee", 0, charge.law, working=working)
        elif medium := state.find("restore.physical_medium_billed"):
            state.remark(
                N_("%(clause)s : seule la remise sur un support physique se facture."), clause=medium.clause
            )
        return
    monthly = state.case.monthly_fee_cents
    contract = contract_reversibility_fee_cents(monthly, months.value, minimum.value)
    working = state.sentence(
        N_("%(n)d mois × %(monthly)s, au moins %(minimum)s HT."),
        n=months.value,
        monthly=Cents(monthly),
        minimum=Cents(minimum.value),
    )
    fee = reversibility_fee_cents(contract, charge.value if charge.law else None, None)
    if charge.law is None:
        state.amount("reversibility_fee", contract, months, minimum, working=working)
    elif fee is None:
        working = state.sentence(
            N_(
                "Au plus %(contract)s au contrat (%(n)d mois × %(monthly)s, au moins %(minimum)s HT) ; la "
                "loi ne permet que le coût établi par une fiche, transfert des données à zéro."
            ),
            contract=Cents(contract),
            n=months.value,
            monthly=Cents(monthly),
            minimum=Cents(minimum.value),
        )
        state.amount("reversibility_fee", contract, months, charge.law, working=working, is_ceiling=True)
        state.remark(
            N_("L5 : %(contract)s est un plafond ; sans fiche de coût, rien n'est facturable."),
            contract=Cents(contract),
        )
    else:
        working = state.sentence(
            N_(
                "Le contrat demande %(contract)s ; depuis le 12 janvier 2027 la loi interdit tout frais de "
                "changement de fournisseur."
            ),
            contract=Cents(contract),
        )
        state.amount("reversibility_fee", fee, charge.law, months, working=working)


def _erasure(state: State, event: Event, received: date, ready: date | None) -> None:
    """First day on which the data may be erased: held while a copy is due or may be contested (A4, A5)."""
    if event["reason"] == "destroy":
        _destruction(state, received)
        return
    validated = state.out.find("silent_validation")
    until = validated.on if validated else ready
    grace, business = state.find("erasure.grace_days"), state.find("erasure.business_days")
    source = (state.find("erasure.at") if until else None) or grace or business
    if source is None or state.ends_on is None:
        if source is not None and until is not None:
            state.when("erasure_held_until", until, source)
        return
    window = state.number("reversibility.window_days")
    on = contractual_erasure_on(
        state.ends_on,
        days=grace.value if grace else 0,
        business_days=business.value if business else 0,
        window_days=window,
    )
    state.out.calendar = [each for each in state.out.calendar if each.what != "data_erased"]
    held = held_until(on, until)
    others = [each for each in (grace, business) if each is not None and each is not source]
    working = state.sentence(
        N_("Rien n'est effacé avant le %(held)s : la copie est due, ou peut encore être contestée."),
        held=held,
    )
    state.when("data_erased", held, source, *others, working=working)


def _destruction(state: State, received: date) -> None:
    early, kept = state.find("erasure.early_on_request"), state.find("erasure.kept_at_most_days")
    choices = state.find("reversibility.choices")
    if early is not None and kept is not None:
        end = state.ends_on or received
        state.when("data_erased", kept_through(end, kept.value, received), early)
    elif choices is not None:
        due = delivery_due_on(received, days=state.number("reversibility.delivery_days"))
        state.when("data_destroyed_by", due, choices)
    else:
        state.remark(N_("Le contrat ne fixe pas de délai à une destruction demandée."))


def hold_for_retrieval(state: State) -> None:
    """Keep the data for the retrieval that the law gives after a change of provider.

    Source: L5 (regulation (EU) 2023/2854, art. 25).
    """
    retrieval, erased = state.out.find("retrieval_ends"), state.out.find("data_erased")
    if retrieval is None or erased is None or erased.on >= retrieval.on:
        return
    state.out.calendar.remove(erased)
    working = state.sentence(
        N_("Le contrat efface le %(on)s ; la loi les garde plus longtemps."), on=erased.on
    )
    state.when("data_erased", retrieval.on, *retrieval.sources, *erased.sources, working=working)
