"""What the events of a case have led to so far."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.answers.case import Case, Event
from portal.answers.contract import Contract
from portal.answers.outcome import Outcome
from portal.answers.rules.periods import Period, period_at
from portal.errors import Refused
from portal.terms.answered import Answered, Source, answered
from portal.terms.law import Applied, applied
from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import N_, Sentence


@dataclass
class State:
    """A running case: the answer under construction and the facts that later events refer to."""

    case: Case
    out: Outcome = field(init=False)
    statuses: list[tuple[date, str]] = field(default_factory=list)
    ends_on: date | None = None  # first day without service
    ended_by: str = ""  # "customer" or "provider"
    formal_notice: Event | None = None
    late: list[Event] = field(default_factory=list)
    measures: list[Event] = field(default_factory=list)
    metered: Event | None = None
    stack: Stack = field(init=False)  # whose values count: amendments that begin later are not there yet

    def __post_init__(self) -> None:
        self.out = Outcome(self.case.customer)
        self.move_to(self.case.started_on)

    def move_to(self, day: date) -> None:
        """From now on the contract is read as it stands on this day."""
        self.stack = self.case.stack.on(day)

    # What the contract and the law say

    @property
    def contract(self) -> Contract:
        return Contract(self.stack, self.case.customer, self.case.monthly_fee_cents)

    def find(self, key: str) -> Value | None:
        return self.stack.find(key)

    def get(self, key: str) -> Value:
        return self.stack.get(key)

    def number(self, key: str) -> int:
        return self.stack.number(key)

    def law(self, key: str, on: date, reason: str = "none") -> Applied:
        """Contract and law side by side for a key, for this customer."""
        return applied(self.stack, key, on=on, customer=self.case.customer, reason=reason)

    @property
    def notice(self) -> Value | None:
        """The notice of the plan; None where it is not counted back from an échéance."""
        plan = self.case.plan
        return self.find(f"plan.{plan}.notice_months") or self.find(f"plan.{plan}.notice_days")

    @property
    def period(self) -> Value:
        """Length of the contract's own period, which the notice refers to, in months."""
        return self.get(f"plan.{self.case.plan}.period_months")

    def billed_period(self, on: date) -> Period:
        """The period that is billed at a time and contains a day."""
        months = self.case.billing_months or int(self.period.value)
        again = self.case.billed_from
        return period_at(again if again is not None and again <= on else self.case.started_on, months, on)

    @property
    def billed_cents(self) -> int:
        """What is billed for one such period."""
        months = self.case.billing_months or int(self.period.value)
        given = self.case.billing_cents
        return self.case.monthly_fee_cents * months if given is None else given

    @property
    def notice_length(self) -> dict[str, int]:
        if self.notice is None:
            return {}
        return {"months" if self.notice.unit == "months" else "days": self.notice.value}

    # The answer

    def when(
        self,
        what: str,
        on: date,
        *sources: Source | None,
        working: Sentence | None = None,
        at: datetime | None = None,
    ) -> None:
        self.out.calendar.append(answered(what, on, *sources, working=working, at=at))

    def amount(self, what: str, cents: int, *sources: Source | None, working: Sentence, **more: Any) -> None:
        """An amount in cents; ``includes_vat`` where it bears VAT, ``is_ceiling`` where it is the most."""
        self.add(answered(what, cents, *sources, working=working, **more))

    def add(self, answer: Answered) -> None:
        """One answer, among the dates or the amounts."""
        (self.out.calendar if isinstance(answer.value, date) else self.out.amounts).append(answer)

    def status(self, on: date, status: str) -> None:
        self.statuses.append((on, status))

    def remark(self, template: str, **values: object) -> None:
        self.out.remarks.append(Sentence(template, values))

    @staticmethod
    def sentence(template: str, **values: object) -> Sentence:
        return Sentence(template, values)

    def refuse(self, event: Event, template: str, **values: object) -> Refused:
        """The refusal of an event; the sentence begins with its kind and day."""
        return Refused(
            N_("« %(event)s » du %(event_on)s : %(sentence)s"),
            event=event.what,
            event_on=event.on.strftime("%d/%m/%Y"),
            sentence=Sentence(template, values),
        )
