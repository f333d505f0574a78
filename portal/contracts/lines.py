"""What the pages show of an answer: each date and amount with its clauses, and the law beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from portal.answers.outcome import Outcome
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, Source
from portal.terms.law import Applied, applied, parts_for, statutes_over
from portal.terms.showing import remark
from portal.terms.stack import Stack
from portal.terms.statute import Statute
from portal.terms.values import Value
from portal.wording import Sentence
from portal.words.clauses import ANSWERS
from portal.words.term_keys import term_name
from portal.words.values import value_text, written


@dataclass(frozen=True)
class Reader:
    """Whose contract is shown, on which day, and why she would leave."""

    stack: Stack
    customer: str
    plan: str
    on: date
    reason: str = "none"

    @classmethod
    def of(cls, subscription: Subscription, on: date, reason: str = "none") -> "Reader":
        kind, plan = subscription.customer.kind.value, subscription.plan.value
        return cls(subscription.terms.on(on), kind, plan, on, reason)

    def answering(self, law: Statute) -> tuple[Value, ...]:
        """What the contract says on a point of law, under the same key or under its own."""
        keys = (law.key, *(key.format(plan=self.plan) for key in _SAME_POINT.get(law.key, ())))
        return tuple(value for value in map(self.stack.find, keys) if value is not None)


# Points of law that the contracts speak of under keys of their own.
_SAME_POINT = {
    "switch.notice_months": (
        "plan.{plan}.notice_months",
        "plan.{plan}.notice_days",
        "early_end.notice_months",
        "termination.effective_days",
    ),
    "switch.retrieval_days": ("erasure.grace_days", "erasure.business_days", "reversibility.window_days"),
    "reversibility.charge": ("reversibility.fee_months", "reversibility.fee_minimum_cents"),
}


@dataclass(frozen=True)
class Clause:
    """One value of the contract, as it is printed."""

    id: str
    article: str
    document: str  # title and version
    value: str
    note: str = ""


@dataclass(frozen=True)
class Beside:
    """A contract's value and the law's on one point; ``by`` says which one counts."""

    label: str
    contract: tuple[Clause, ...]
    law: Statute
    law_value: str
    by: str


@dataclass(frozen=True)
class Line:
    """An answer on the page of a contract: its words, the clauses that it unfolds to, the law beside them."""

    answer: Answered
    reader: Reader

    @property
    def what(self) -> str:
        return self.answer.what

    @property
    def label(self) -> str:
        return str(ANSWERS[self.answer.what])

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(_clause(value, self.reader) for value in self.answer.values)

    @property
    def overrode(self) -> tuple[Clause, ...]:
        return tuple(_clause(under, self.reader) for value in self.answer.values for under in value.overrode)

    @property
    def beside(self) -> tuple[Beside, ...]:
        return _besides(self.answer.sources, self.reader)

    @property
    def marks(self) -> tuple[str, ...]:
        """Ids of the clauses and laws, each once, the one that counts first."""
        clauses = [clause.id for clause in self.clauses]
        laws = [each.law.id for each in self.beside if each.by == "law"]
        ids = [*laws, *clauses] if self.answer.by_law else [*clauses, *laws]
        return tuple(dict.fromkeys(filter(None, ids)))


def lines_of(answers: Iterable[Answered], reader: Reader) -> list[Line]:
    return [Line(answer, reader) for answer in answers]


def _clause(value: Value, reader: Reader) -> Clause:
    known = next((one for one in reader.stack.documents if one.code == value.document), None)
    document = f"{known.title}, {known.version}" if known else value.document
    article = "" if value.article == value.document else value.article
    note = remark(parts_for(value.note, reader.customer, ("none", reader.reason)))
    return Clause(value.clause, article, document, value_text(value), note)


def _besides(sources: Sequence[Source], reader: Reader) -> tuple[Beside, ...]:
    found = {}
    for source in sources:
        both = applied(reader.stack, source.key, on=reader.on, customer=reader.customer, reason=reader.reason)
        law = source if isinstance(source, Statute) else both.law
        if law is not None:
            found[law] = beside(
                Applied(law.value, both.by if both.law else "law", both.contract, law), reader
            )
    return tuple(found.values())


def beside(both: Applied, reader: Reader) -> Beside:
    """One row of « the contract says, the law says »."""
    assert both.law is not None
    law = both.law
    values = reader.answering(law)
    stands = law.key == "switch.notice_months" and _is_short_enough(values, law)
    return Beside(
        term_name(law.key),
        tuple(_clause(value, reader) for value in values),
        law,
        written(law.unit, law.value, law.key),
        "contract" if stands else both.by,
    )


_DAYS = {"days": 1, "months": 30}


def _is_short_enough(values: tuple[Value, ...], law: Statute) -> bool:
    """Does the contract's own notice already keep within the law's?"""
    longest = max((value.value * _DAYS[value.unit] for value in values), default=None)
    return longest is not None and bool(longest <= law.value * _DAYS[law.unit])


def law_table(reader: Reader) -> list[Beside]:
    """Every point on which the law has its say for this customer, whatever her reason to leave."""
    rows = {}
    for reason in ("none", "switch"):
        found = statutes_over(reader.stack, on=reader.on, customer=reader.customer, reason=reason)
        rows.update({both.law: beside(both, reader) for both in found if both.law})
    return sorted(rows.values(), key=lambda row: (row.by != "law", row.label))


def calendar(outcome: Outcome, reader: Reader) -> list[Line]:
    return lines_of(sorted(outcome.calendar, key=lambda entry: entry.on), reader)


def remarks(outcome: Outcome) -> list[Sentence]:
    """What the rules add in words, each once."""
    return list({str(remark): remark for remark in outcome.remarks}.values())


LEAVING = (
    "last_notice_day",
    "contract_ends",
    "end_at_term",
    "last_usable_day",
    "early_end_penalty",
    "metered_end_penalty",
    "refund",
    "data_erased",
    "reversibility_fee",
)
_ONLY_IF_SAID = {"end_at_term", "metered_end_penalty"}


@dataclass(frozen=True)
class Leaving:
    """The few answers that somebody who leaves looks for, then the other dates."""

    main: list[tuple[str, str, Line | None]]  # code, label, answer
    others: list[Line]
    remarks: list[Sentence]


def leaving(outcome: Outcome, reader: Reader) -> Leaving:
    lines = [*calendar(outcome, reader), *lines_of(outcome.amounts, reader)]
    by_what = {line.what: line for line in reversed(lines)}
    if "erasure_held_until" in by_what:
        by_what.setdefault("data_erased", by_what["erasure_held_until"])
    main = [
        (what, str(ANSWERS[what]), by_what.get(what))
        for what in LEAVING
        if what in by_what or what not in _ONLY_IF_SAID
    ]
    others = [line for line in lines if line not in [found for _what, _label, found in main]]
    return Leaving(main, others, remarks(outcome))
