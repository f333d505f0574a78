"""What special conditions change, in days and euros, beside the standard contract: asked of the engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from portal import clock
from portal.answers.case import Case, leave
from portal.answers.outcome import Outcome
from portal.billing.rates import known_rates
from portal.deadlines import add_months
from portal.errors import Refused
from portal.quotes.models import QuoteLine
from portal.simulator.run import simulate
from portal.terms.answered import Answered
from portal.terms.stack import Stack
from portal.terms.values import Value

_LEAVES_AFTER = 3  # of a period: the example of a customer who leaves in its first third


@dataclass(frozen=True, slots=True)
class Wished:
    """One value that the conditions change; ``standard`` is None where the contract is silent."""

    key: str
    standard: Value | None
    offered: Value


@dataclass(frozen=True, slots=True)
class Difference:
    """One day or amount that is not the same any more; None where it is not there at all."""

    standard: Answered | None
    offered: Answered | None

    @property
    def any(self) -> Answered:
        """The one of both that is there, for its name."""
        found = self.offered or self.standard
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one line: what was wished, what it changes as time goes by, and for a customer who leaves.

    leaves_on: the Paris day of the notice that the second list supposes. refusal: why nothing can be said.
    """

    wished: list[Wished]
    calendar: list[Difference]
    leaving: list[Difference]
    leaves_on: date
    refusal: Refused | None = None


def compare(line: QuoteLine) -> Comparison | None:
    """None for a line without special conditions. Amounts are cents without VAT unless they say otherwise.

    Source: 000-03, 001-03, 003-03, 004-01, 004-42.
    """
    if not line.conditions:
        return None
    standard, offered = line.texts, line.terms
    wished = [Wished(key, standard.find(key), offered.get(key)) for key in line.conditions]
    starts_on = line.quote.starts_on or clock.today()
    leaves_on = add_months(starts_on, max(1, _period_of(line) // _LEAVES_AFTER))
    try:
        calendar = _differences(_ask(line, each, starts_on) for each in (standard, offered))
        leaving = _differences(_ask(line, each, starts_on, leaves_on) for each in (standard, offered))
    except Refused as refusal:
        return Comparison(wished, [], [], leaves_on, refusal)
    known = {(each.any.what, each.any.value) for each in calendar}
    leaving = [each for each in leaving if (each.any.what, each.any.value) not in known]
    return Comparison(wished, calendar, leaving, leaves_on)


def _period_of(line: QuoteLine) -> int:
    return line.texts.number(f"plan.{line.plan.value}.period_months") or line.billing_months


def _ask(line: QuoteLine, terms: Stack, starts_on: date, leaves_on: date | None = None) -> Outcome:
    """The contract of this line under some terms; with a notice without reason when a day is given."""
    quote = line.quote
    return simulate(
        Case(
            stack=terms,
            customer=quote.customer.kind.value,
            plan=line.plan.value,
            started_on=starts_on,
            monthly_fee_cents=line.monthly_cents,
            as_of=leaves_on or starts_on,
            events=(leave(leaves_on, "none"),) if leaves_on else (),
            paid_through=add_months(starts_on, line.billing_months) - timedelta(days=1),
            billing_months=line.billing_months,
            billing_cents=line.quantity * line.unit_cents,
            includes_vat=line.includes_vat,
            rates=known_rates(),
        )
    )


def _differences(outcomes: Iterable[Outcome]) -> list[Difference]:
    standard, offered = (_by_name(outcome) for outcome in outcomes)
    names = [*standard, *(name for name in offered if name not in standard)]
    pairs = (Difference(standard.get(name), offered.get(name)) for name in names)
    return [pair for pair in pairs if _value(pair.standard) != _value(pair.offered)]


def _by_name(outcome: Outcome) -> dict[str, Answered]:
    """The first of each name."""
    found: dict[str, Answered] = {}
    for each in (*outcome.calendar, *outcome.amounts):
        found.setdefault(each.what, each)
    return found


def _value(answer: Answered | None) -> object:
    return answer.value if answer else None
