"""What the events of a case have led to so far."""

from dataclasses import dataclass, field
from datetime import date, datetime

from portal.errors import Refused
from portal.simulator.case import Case, Event
from portal.simulator.outcome import Amount, Dated, Outcome, Source
from portal.terms.law import Applied, applied
from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import N_, Sentence


@dataclass
class State:
    """A running case: the answer under construction and the facts that later events refer to."""

    case: Case
    out: Outcome = field(default_factory=Outcome)
    statuses: list[tuple[date, str]] = field(default_factory=list)
    ends_on: date | None = None  # first day without service
    ended_by: str = ""  # "customer" or "provider"
    formal_notice: Event | None = None
    late: list[Event] = field(default_factory=list)
    measures: list[Event] = field(default_factory=list)
    metered: Event | None = None
    stack: Stack = field(init=False)  # whose values count: amendments that begin later are not there yet

    def __post_init__(self) -> None:
        self.move_to(self.case.started_on)

    def move_to(self, day: date) -> None:
        """From now on the contract is read as it stands on this day."""
        self.stack = self.case.stack.on(day)

    # What the contract and the law say

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
    def notice_length(self) -> dict[str, int]:
        if self.notice is None:
            return {}
        return {"months" if self.notice.unit == "months" else "days": self.notice.value}

    # The answer

    def when(
        self,
        what: str,
        on: date,
        *sources: Source,
        working: Sentence | None = None,
        at: datetime | None = None,
    ) -> None:
        self.out.calendar.append(Dated(on, what, sources, working, at))

    def amount(
        self, what: str, cents: int, *sources: Source, working: Sentence, is_ceiling: bool = False
    ) -> None:
        self.out.amounts.append(Amount(what, cents, sources, working, is_ceiling))

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
