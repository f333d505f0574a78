"""What a contract answers on a day to what law and terms decide: asked twice, compared once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from portal.answers.case import Event, ask_for_data, in_order
from portal.answers.outcome import Outcome
from portal.answers.run import answer
from portal.billing.late_payment import EcbRate, semester_of
from portal.deadlines import add_months
from portal.errors import Refused
from portal.subscriptions.case import bare_case, given_notice, if_left, late_payments, notice_events
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, Source, clause_of
from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import Cents, Sentence

LEAVE, SWITCH, IN_HOUSE, DATA, LATE = "leave", "switch", "in_house", "data", "late"
QUESTIONS = (LEAVE, SWITCH, IN_HOUSE, DATA, LATE)
REASONS = {LEAVE: "none", SWITCH: "switch", IN_HOUSE: "in_house", DATA: "switch", LATE: "none"}
_YEAR = 12  # months of history that amounts are worked out over


@dataclass(frozen=True, slots=True)
class Told:
    """What one question is answered on one day: dates, amounts and remarks; or why it is refused."""

    on: date
    stack: Stack
    answers: Mapping[str, Answered]
    remarks: tuple[Sentence, ...] = ()
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One answer before and after; None on the side that has none."""

    what: str
    before: Answered | None
    after: Answered | None

    @property
    def is_one_sided(self) -> bool:
        return (self.before is None) != (self.after is None)

    @property
    def cents(self) -> int:
        """What the customer would owe more (or less, below zero), in cents; 0 of a date."""
        return _cents(self.after) - _cents(self.before)


@dataclass(frozen=True, slots=True)
class Differing:
    """One question that is answered otherwise."""

    question: str
    before: Told
    after: Told
    pairs: tuple[Pair, ...]
    said_no_more: tuple[Sentence, ...]
    newly_said: tuple[Sentence, ...]

    @property
    def cents(self) -> int:
        return sum(pair.cents for pair in self.pairs)


def _cents(answer: Answered | None) -> int:
    return int(answer.value) if answer is not None and isinstance(answer.value, int) else 0


def asked(subscription: Subscription, on: date, stack: Stack | None = None) -> dict[str, Told]:
    """Every question asked on a day, by its name; one that has no matter is left out.

    on: Paris day. stack: the contract in other versions; as it is pinned and amended when none is given. Late
    payments are those of the last twelve months, as if they fell due that day, at the last known rate of the
    central bank.

    Source: L1 to L13; 002-20, 004-33, 003-51, 003-52.
    """
    stack = stack or subscription.terms
    found = {name: _told(name, subscription, on, stack) for name in QUESTIONS}
    return {name: told for name, told in found.items() if told is not None}


def _told(name: str, subscription: Subscription, on: date, stack: Stack) -> Told | None:
    try:
        outcome = _outcome(name, subscription, on, stack)
    except Refused as refusal:
        return Told(on, stack, {}, refusal=refusal)
    if outcome is None:
        return None
    return Told(on, stack, _by_name(outcome), tuple(outcome.remarks))


def _outcome(name: str, subscription: Subscription, on: date, stack: Stack) -> Outcome | None:
    if name == LATE:
        return _late(subscription, on, stack)
    if name == DATA:
        case = bare_case(subscription, as_of=on)
        events = [*given_notice(subscription), ask_for_data(on, REASONS[name])]
        return answer(replace(case, stack=stack, events=in_order(events)))
    reason = REASONS[name]
    return if_left(subscription, notice_events(on, reason, at_term=False), stack=stack)


def _late(subscription: Subscription, on: date, stack: Stack) -> Outcome | None:
    events, _refused = late_payments(subscription)
    recent = [each for each in events if each["due_on"] > add_months(on, -_YEAR)]
    if not recent:
        return None
    moved = [_due_that_day(each, on) for each in recent]
    last = max(each.on for each in moved)
    case = bare_case(subscription, as_of=last)
    rates = _going_on(case.rates, last)
    return answer(replace(case, stack=stack, rates=rates, events=in_order(moved)))


def _due_that_day(event: Event, on: date) -> Event:
    paid_on = on + (event["paid_on"] - event["due_on"])
    return Event(paid_on, event.what, {**event.fields, "due_on": on, "paid_on": paid_on})


def _going_on(rates: Mapping[str, EcbRate], until: date) -> Mapping[str, EcbRate]:
    """The known rates, and the last of them for half-years that have none yet."""
    if not rates:
        return rates
    last, wanted = max(rates), semester_of(until + timedelta(days=1))
    year, found = int(last[:4]), dict(rates)
    for semester in (f"{each} S{half}" for each in range(year, int(wanted[:4]) + 1) for half in (1, 2)):
        if semester > last:
            found.setdefault(semester, replace(rates[last], semester=semester))
    return found


def _by_name(outcome: Outcome) -> dict[str, Answered]:
    """Each answer once; amounts of one name are added up."""
    found: dict[str, Answered] = {}
    for each in (*outcome.calendar, *outcome.amounts):
        known = found.get(each.what)
        if known is None:
            found[each.what] = each
        elif isinstance(each.value, int) and isinstance(known.value, int):
            found[each.what] = replace(known, value=Cents(known.value + each.value), working=None)
    return found


def compared(before: Mapping[str, Told], after: Mapping[str, Told]) -> list[Differing]:
    """The questions that are answered otherwise, each with the answers that differ.

    Asked on two days, a date or an amount differs when another value of the contract or of the law decides,
    not because a day has passed; asked on the same day, when it is another one.

    Source: L1 to L13.
    """
    found = (_differing(name, before.get(name), after.get(name)) for name in QUESTIONS)
    return _each_once([each for each in found if each is not None])


def _each_once(rows: list[Differing]) -> list[Differing]:
    """Going back to one's own machines is told only where it is not answered as a change of provider."""
    known = {row.question: [(pair.what, pair.before, pair.after) for pair in row.pairs] for row in rows}
    return [row for row in rows if row.question != IN_HOUSE or known.get(SWITCH) != known[IN_HOUSE]]


def _differing(name: str, before: Told | None, after: Told | None) -> Differing | None:
    if before is None or after is None:
        return None
    names = dict.fromkeys((*before.answers, *after.answers))
    is_same_day = before.on == after.on
    pairs = [Pair(what, before.answers.get(what), after.answers.get(what)) for what in names]
    no_more = _only_in(before.remarks, after.remarks)
    newly = _only_in(after.remarks, before.remarks)
    says_otherwise = bool(no_more or newly)  # then a price of nothing tells as much as none
    pairs = [pair for pair in pairs if _differs(pair, is_same_day) or (says_otherwise and pair.is_one_sided)]
    refused = (before.refusal is None) != (after.refusal is None)
    if not pairs and not refused and not no_more and not newly:
        return None
    return Differing(name, before, after, tuple(pairs), no_more, newly)


def _differs(pair: Pair, is_same_day: bool) -> bool:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return any(each is not None and each.value not in (0, None) for each in (before, after))
    if is_same_day:
        return bool(before.value != after.value)
    if _decided_by(before) == _decided_by(after):
        return False
    return isinstance(before.value, date) or bool(before.value != after.value)


def _decided_by(answer: Answered) -> tuple[Any, ...]:
    return tuple(_said(source) for source in answer.sources)


def _said(source: Source) -> tuple[Any, ...]:
    effect = "" if isinstance(source, Value) else source.effect
    return (clause_of(source), source.key, effect, source.value)


def _only_in(here: tuple[Sentence, ...], there: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """By their words, without days and sums."""
    known = {each.template for each in there}
    return tuple({each.template: each for each in here if each.template not in known}.values())
