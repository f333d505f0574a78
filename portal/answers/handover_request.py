"""A request for the data in the history of a contract, and what becomes of the data when nobody asks."""

from datetime import date

from portal.answers.case import Event
from portal.answers.contract import Contract
from portal.answers.handover import (
    delivery,
    destruction,
    erasure,
    fee,
    kept_for_retrieval,
    quote,
    request_window,
    validation,
)
from portal.answers.rules.fees import contract_reversibility_fee_cents
from portal.answers.state import State
from portal.answers.switching import show_stages
from portal.terms.answered import answered
from portal.terms.law import Applied
from portal.terms.statute import SWITCHING
from portal.terms.values import Value
from portal.wording import N_, Cents


def after_the_end(state: State, ends_on: date) -> None:
    """How long the data stays, when nothing is asked for."""
    contract = state.contract
    for answer in (
        request_window(contract, ends_on),
        erasure(contract, ends_on, by_provider=state.ended_by == "provider"),
    ):
        if answer is not None:
            state.add(answer)
    if state.out.find("data_erased") is None:
        state.remark(N_("Le contrat ne dit pas combien de temps les données restent après la fin."))


def request(state: State, event: Event) -> None:
    """A request for the data, or for its destruction.

    Source: 001-48..51, 002-20, 002-23, 003-22..24, 004-30..33; L5, A4, A5.
    """
    contract, received = state.contract, event.get("received_on") or event.on
    state.out.reasons.add(event["reason"])
    _check_window(state, event, received)
    if event["reason"] == "destroy":
        _destroy(state, contract, received)
    else:
        _give_back(state, contract, received)
    _fee(state, contract, event, received)
    if event["reason"] in SWITCHING and state.out.find("transition_ends") is None:
        show_stages(state, received, event)


def _check_window(state: State, event: Event, received: date) -> None:
    if state.ends_on is None:
        return
    window = request_window(state.contract, state.ends_on)
    recovery = state.find("reversibility.moves_end")
    if recovery is not None:
        window = answered("data_request_closes", state.ends_on, recovery)
    if window is not None and received > window.on:
        raise state.refuse(
            event,
            N_("trop tard : les données se demandaient jusqu'au %(day)s (%(clause)s)."),
            day=window.on.strftime("%d/%m/%Y"),
            clause=window.clause,
        )


def _give_back(state: State, contract: Contract, received: date) -> None:
    due = delivery(contract, received)
    silence = validation(contract, due.on) if due else None
    for answer in (due, silence):
        if answer is not None:
            state.add(answer)
    if due is None:
        _no_delivery(state, contract)
        return
    held_by = silence or due
    held = erasure(contract, state.ends_on, held_by.on, by_provider=state.ended_by == "provider")
    if held is not None:
        state.out.calendar = [each for each in state.out.calendar if each.what != "data_erased"]
        state.add(held)
    elif (at := _erases(contract)) is not None:
        state.when("erasure_held_until", held_by.on, at)


def _erases(contract: Contract) -> Value | None:
    return next(
        filter(None, map(contract.find, ("erasure.at", "erasure.grace_days", "erasure.business_days"))), None
    )


def _no_delivery(state: State, contract: Contract) -> None:
    if quote(contract) is not None:
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
            N_("Le contrat ne prévoit pas de restitution ; les données se récupèrent avec le logiciel.")
        )


def _destroy(state: State, contract: Contract, received: date) -> None:
    answer = destruction(contract, received, state.ends_on)
    if answer is None:
        state.remark(N_("Le contrat ne fixe pas de délai à une destruction demandée."))
        return
    if answer.what == "data_erased":
        state.out.calendar = [each for each in state.out.calendar if each.what != "data_erased"]
    state.add(answer)


def _fee(state: State, contract: Contract, event: Event, received: date) -> None:
    price = fee(contract, received, event["reason"])
    charge = contract.law("reversibility.charge", received, event["reason"])
    if price is None:
        _no_fee(state, charge)
    elif price.value is None:
        months, minimum = state.get("reversibility.fee_months"), state.get("reversibility.fee_minimum_cents")
        ceiling = contract_reversibility_fee_cents(contract.monthly_fee_cents, months.value, minimum.value)
        assert price.working is not None
        state.amount(
            "reversibility_fee",
            ceiling,
            months,
            charge.law,
            working=price.working,
            is_ceiling=True,
            includes_vat=False,
        )
        state.remark(
            N_("L5 : %(contract)s est un plafond ; sans fiche de coût, rien n'est facturable."),
            contract=Cents(ceiling),
        )
    else:
        state.add(price)


def _no_fee(state: State, charge: Applied) -> None:
    if charge.law is not None and charge.value == "none":
        working = state.sentence(N_("La loi interdit tout frais de changement de fournisseur."))
        state.amount("reversibility_fee", 0, charge.law, working=working, includes_vat=False)
    elif medium := state.find("restore.physical_medium_billed"):
        state.remark(
            N_("%(clause)s : seule la remise sur un support physique se facture."), clause=medium.clause
        )


def hold_for_retrieval(state: State) -> None:
    """Keep the data for the retrieval that the law gives after a change of provider."""
    erased = state.out.find("data_erased")
    if erased is not None:
        state.out.calendar.remove(erased)
        state.add(kept_for_retrieval(erased, state.out.find("retrieval_ends")))
