"""How to leave an offer: by when and at what price.

Source: Data Act (regulation 2023/2854) art. 25, 26 and 28; L5.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from portal import clock
from portal.answers import handover
from portal.answers.case import Case, ask_for_data
from portal.answers.contract import Contract
from portal.answers.run import answer
from portal.catalogue.models import Product
from portal.errors import Refused
from portal.subscriptions.case import notice_events
from portal.terms.answered import Answered
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack

_DATES = ("contract_ends", "transition_ends", "data_delivered_by", "data_request_closes", "data_erased")


@dataclass(frozen=True, slots=True)
class Exit:
    """What leaving an offer means today, for a business; and the price of it now and later."""

    product: Product
    terms: Stack
    dates: tuple[Answered, ...]
    fee: Answered | None
    changes_on: date | None  # the day after the last one of the law that sets this fee
    later: Answered | None  # the fee from that day on


def exit_of(product: Product) -> Exit:
    """The engine's answers to a switch that is asked for today, in a contract that begins today.

    Source: Data Act art. 25, 26; L5; 001-49, 001-50, 003-23, 004-30, 004-33.
    """
    today, monthly = clock.today(), product.unit_cents // product.billing_months
    terms = stack_in_force(product.terms_stack, today)
    contract = Contract(terms, "business", monthly)
    fee = handover.fee(contract, today, "switch")
    until = fee.law.until if fee is not None and fee.law is not None else None
    changes_on = until + timedelta(days=1) if until is not None else None
    return Exit(
        product,
        terms,
        _dates(product, terms, today, monthly),
        fee,
        changes_on,
        handover.fee(contract, changes_on, "switch") if changes_on else None,
    )


def _dates(product: Product, terms: Stack, today: date, monthly_cents: int) -> tuple[Answered, ...]:
    events = (*notice_events(today, "switch", at_term=False), ask_for_data(today, "switch"))
    try:
        outcome = answer(
            Case(
                stack=terms,
                customer="business",
                plan=product.plan.value,
                started_on=today,
                monthly_fee_cents=monthly_cents,
                as_of=today,
                events=events,
                billing_months=product.billing_months,
            )
        )
    except Refused:
        return ()
    found = (outcome.find(name) for name in _DATES)
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.on))
