"""Giving the data back: by when, at what price, and how long nothing may be erased.

Each answer is a function of the contract as it stands and of a few days, so that the page of a contract, the
case of one handover and its jobs read the same one.
"""

from datetime import date

from portal.answers.contract import Contract
from portal.answers.rules import handover as rules
from portal.answers.rules.fees import contract_reversibility_fee_cents, reversibility_fee_cents
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Cents, Sentence, Word


def _counted(state: Contract, ends_on: date) -> date:
    reading = state.find("reversibility.counted_from")
    return rules.counted_from(ends_on, last_day=reading is not None and reading.value == "last_day")


def _number(value: Value | None) -> int:
    return int(value.value) if value else 0


def _delay(value: Value) -> Sentence:
    business = value.unit == "business_days"
    return Sentence(
        N_("%(n)d %(unit)s"),
        {"n": value.value, "unit": Word(N_("jours ouvrés") if business else N_("jours"))},
    )


def request_window(contract: Contract, ends_on: date) -> Answered | None:
    """Until when the data may be asked for after the end; None where the contract has no such window.

    Source: 001-49.
    """
    window = contract.find("reversibility.window_days")
    if window is None:
        return None
    closes = rules.request_closes_on(_counted(contract, ends_on), window.value)
    return answered(
        "data_request_closes",
        closes,
        window,
        contract.find("reversibility.counted_from"),
        working=_after_the_end(ends_on, window),
    )


def _after_the_end(ends_on: date, *delays: Value) -> Sentence:
    template = N_("Fin du contrat le %(end)s, plus %(delay)s.")
    if len(delays) == 1:
        return Sentence(template, {"end": ends_on, "delay": _delay(delays[0])})
    both = Sentence(N_("%(first)s + %(then)s"), {"first": _delay(delays[0]), "then": _delay(delays[1])})
    return Sentence(template, {"end": ends_on, "delay": both})


def delivery(contract: Contract, received_on: date) -> Answered | None:
    """The day by which the copy is there; None where the contract sets none.

    Source: 001-50, 004-30.
    """
    business = contract.find("reversibility.delivery_business_days")
    source = business or contract.find("reversibility.delivery_days")
    if source is None:
        return None
    due = rules.delivery_due_on(
        received_on, **{"business_days" if source.unit == "business_days" else "days": source.value}
    )
    working = Sentence(
        N_("Demande reçue le %(on)s, plus %(delay)s."), {"on": received_on, "delay": _delay(source)}
    )
    return answered("data_delivered_by", due, source, working=working)


def validation(contract: Contract, delivered_on: date) -> Answered | None:
    """The day after which silence is an acceptance; None where the contract says nothing of it.

    Source: 001-51.
    """
    source = contract.find("reversibility.validation_business_days")
    if source is None:
        return None
    working = Sentence(
        N_("Copie remise le %(on)s, plus %(delay)s : le silence vaut acceptation."),
        {"on": delivered_on, "delay": _delay(source)},
    )
    return answered(
        "silent_validation", rules.silent_acceptance_on(delivered_on, source.value), source, working=working
    )


def erasure(
    contract: Contract,
    ends_on: date | None,
    held_by: date | None = None,
    *,
    returned: bool = False,
    by_provider: bool = False,
    retrieval: Answered | None = None,
) -> Answered | None:
    """The first day of an erasure that the customer does not ask for; None where nothing decides it.

    held_by: when the copy is accepted, or will be by silence (A4, A5). returned: the customer has the data,
    and a contract may say that nothing is kept after that. by_provider: who has ended the contract.
    retrieval: until when the law lets a customer who changes her provider fetch her data.

    Source: 001-46, 001-48, 002-23, 003-24, 004-32; L5 (regulation (EU) 2023/2854, art. 25).
    """
    if ends_on is None:
        return None
    at = contract.find("erasure.at")
    if returned and at is not None and at.value == "restitution" and held_by is not None:
        working = Sentence(N_("Rien n'est gardé une fois les données rendues."), {})
        return answered("data_erased", held_by, at, working=working)
    grace = (contract.find("erasure.provider_grace_days") if by_provider else None) or contract.find(
        "erasure.grace_days"
    )
    found = [each for each in (grace, contract.find("erasure.business_days")) if each is not None]
    if not found:
        return None
    window = contract.find("reversibility.window_days")
    on = rules.contractual_erasure_on(
        _counted(contract, ends_on),
        window_days=_number(window),
        **{"business_days" if each.unit == "business_days" else "days": each.value for each in found},
    )
    held, working = rules.held_until(on, held_by), _after_the_end(ends_on, *found)
    sources = [*found, window]
    if held != on:
        working = Sentence(
            N_(
                "%(contract)s Rien n'est effacé avant le %(held)s : la copie est due, ou peut encore "
                "être contestée."
            ),
            {"contract": working, "held": held},
        )
    answer = answered("data_erased", held, *sources, working=working)
    return kept_for_retrieval(answer, retrieval)


def kept_for_retrieval(erased: Answered, retrieval: Answered | None) -> Answered:
    """The erasure, not before the retrieval that the law gives after a change of provider.

    Source: L5 (regulation (EU) 2023/2854, art. 25).
    """
    if retrieval is None or erased.on >= retrieval.on:
        return erased
    working = Sentence(
        N_("Le contrat efface le %(on)s ; la loi les garde plus longtemps."), {"on": erased.on}
    )
    sources = (*retrieval.sources, *erased.sources)
    return answered("data_erased", retrieval.on, *sources, working=working)


def destruction(contract: Contract, received_on: date, ends_on: date | None) -> Answered | None:
    """The day by which data are destroyed at the customer's wish; None where the contract sets none.

    Source: 003-22, 004-30.
    """
    early, kept = contract.find("erasure.early_on_request"), contract.find("erasure.kept_at_most_days")
    choices, delay = contract.find("reversibility.choices"), contract.find("reversibility.delivery_days")
    if early is not None and kept is not None:
        end = ends_on or received_on
        return answered(
            "data_erased", max(rules.kept_through(end, kept.value, received_on), end), early, kept
        )
    if choices is None or delay is None:
        return None
    due = rules.delivery_due_on(received_on, days=delay.value)
    working = Sentence(
        N_("Demande reçue le %(on)s, plus %(delay)s, et pas avant la fin du contrat."),
        {"on": received_on, "delay": _delay(delay)},
    )
    return answered("data_destroyed_by", rules.destroyed_by(due, ends_on), choices, delay, working=working)


def fee(contract: Contract, on: date, reason: str, cost_cents: int | None = None) -> Answered | None:
    """The price of handing the data back, in cents without VAT; None where the contract has no price.

    cost_cents: total of the cost sheet of a change of provider. The value is None while the law allows the
    cost only and no sheet shows it: what the contract asks for is then a ceiling, see :func:`ceiling`.

    Source: 002-20, 004-33; L5.
    """
    months, minimum = (
        contract.find("reversibility.fee_months"),
        contract.find("reversibility.fee_minimum_cents"),
    )
    charge = contract.law("reversibility.charge", on, reason)
    if months is None or minimum is None:
        return None
    by_contract = contract_reversibility_fee_cents(contract.monthly_fee_cents, months.value, minimum.value)
    cents = reversibility_fee_cents(by_contract, charge.value if charge.law else None, cost_cents)
    working = Sentence(
        N_("%(n)d mois × %(monthly)s, au moins %(minimum)s : %(contract)s HT au contrat."),
        {
            "n": months.value,
            "monthly": Cents(contract.monthly_fee_cents),
            "minimum": Cents(minimum.value),
            "contract": Cents(by_contract),
        },
    )
    if charge.law is None:
        return answered("reversibility_fee", cents, months, minimum, working=working, includes_vat=False)
    if charge.value == "none":
        working = Sentence(
            N_(
                "%(contract)s Depuis le 12 janvier 2027 la loi interdit tout frais de changement de "
                "fournisseur."
            ),
            {"contract": working},
        )
    else:
        working = Sentence(
            N_(
                "%(contract)s La loi ne permet que le coût établi par une fiche, transfert à zéro : "
                "%(sheet)s."
            ),
            {
                "contract": working,
                "sheet": Cents(cost_cents) if cost_cents is not None else Word(N_("aucune fiche de coût")),
            },
        )
    return answered(
        "reversibility_fee", cents, charge.law, months, minimum, working=working, includes_vat=False
    )


def quote(contract: Contract, cents: int | None = None) -> Answered | None:
    """That the price of a recovery is the quote's, and what it says; None where the contract gives a price,
    or none.

    Source: 003-23.
    """
    source = contract.find("reversibility.by_quote")
    return answered("recovery_quote", cents, source, includes_vat=False) if source and source.value else None


def highest_quote(contract: Contract, on: date, reason: str, cost_cents: int) -> Answered | None:
    """The most that may be quoted, in cents, where the law has its say; None where it has none.

    Source: 003-23; L5.
    """
    charge = contract.law("reversibility.charge", on, reason)
    if charge.law is None or charge.value is None:
        return None
    most = 0 if charge.value == "none" else cost_cents
    return answered("highest_quote", most, charge.law, is_ceiling=True, includes_vat=False)


def paid_first(contract: Contract) -> Answered | None:
    """That the data is handed over only once the price is paid, or that it is not; None without a clause
    (A19).

    Source: 003-23.
    """
    gate = contract.find("reversibility.gate_on_payment")
    return answered("payment_first", "yes" if gate.value else "no", gate) if gate is not None else None
