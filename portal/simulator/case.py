"""A contract question as data: the contract, the customer, what happened and when. Strictly read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.deadlines import PARIS
from portal.errors import Refused
from portal.terms.shipped import CONTRACTS, find_stack
from portal.terms.stack import Stack
from portal.wording import N_

CUSTOMERS = ("business", "consumer", "non_professional", "public_body")
PLANS = ("monthly", "annual", "on_demand", "36_months")
TERMINATE_REASONS = ("none", "breach", "non_payment", "switch", "in_house", "receivership", "end_of_business")
REVERSIBILITY_REASONS = ("switch", "in_house", "copy", "destroy")


class CaseError(Refused):
    """A question that cannot be asked: a field is unknown, missing or impossible; the sentence names it."""

    @property
    def about(self) -> str:
        """The name of the field that is at fault; empty when it is not one field's."""
        named = self.values.get("then") or self.values.get("name") or self.values.get("where") or ""
        return str(named).rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened (or would happen) on a Paris day, with the fields that its kind has."""

    on: date
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str) -> Any:
        """The field, or None when the case does not give it."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Case:
    """One question. Amounts in cents, days in Paris; ``paid_through`` is the last paid day, included."""

    stack: Stack
    customer: str
    plan: str
    started_on: date
    monthly_fee_cents: int
    as_of: date
    events: tuple[Event, ...] = ()
    paid_through: date | None = None

    def __post_init__(self) -> None:
        businesses_only = self.stack.find("customer.businesses_only")
        if self.customer == "consumer" and businesses_only is not None and businesses_only.value:
            raise CaseError(
                N_("« customer » : %(contract)s n'est pas ouvert aux consommateurs (%(clause)s)."),
                contract=self.stack.label,
                clause=businesses_only.clause,
            )
        if self.stack.find(f"plan.{self.plan}.period_months") is None:
            known = [plan for plan in PLANS if self.stack.find(f"plan.{plan}.period_months")]
            raise CaseError(
                N_("« plan » : %(contract)s ne connaît pas la formule %(plan)s ; il a : %(known)s."),
                contract=self.stack.label,
                plan=self.plan,
                known=", ".join(known),
            )
        for event in self.events:
            if event.on < self.started_on:
                raise CaseError(
                    N_("« %(what)s » du %(on)s précède le début du contrat, le %(start)s."),
                    what=event.what,
                    on=event.on.isoformat(),
                    start=self.started_on.isoformat(),
                )


Reader = Callable[[str, Any], Any]


_YEARS = range(2000, 2101)  # beyond, no table of law or rate is known


def _day(where: str, raw: Any) -> date:
    try:
        day = date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise CaseError(
            N_("« %(where)s » : « %(raw)s » n'est pas un jour (AAAA-MM-JJ)."), where=where, raw=raw
        ) from None
    if day.year not in _YEARS:
        raise CaseError(N_("« %(where)s » : %(raw)s n'est pas entre 2000 et 2100."), where=where, raw=raw)
    return day


def _instant(where: str, raw: Any) -> datetime:
    try:
        read = datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise CaseError(
            N_("« %(where)s » : « %(raw)s » n'est pas un instant (AAAA-MM-JJTHH:MM)."), where=where, raw=raw
        ) from None
    _day(where, raw[:10])
    return read if read.tzinfo else read.replace(tzinfo=PARIS)


def _whole(where: str, raw: Any) -> int:
    if type(raw) is not int or raw < 0:
        raise CaseError(
            N_("« %(where)s » : « %(raw)s » n'est pas un entier positif ou nul."), where=where, raw=raw
        )
    return raw


def _number(where: str, raw: Any) -> Decimal:
    if type(raw) not in (int, Decimal) or raw < 0:
        raise CaseError(N_("« %(where)s » : « %(raw)s » n'est pas un nombre positif."), where=where, raw=raw)
    return Decimal(raw)


def _percent(where: str, raw: Any) -> Decimal:
    number = _number(where, raw)
    if number > 100:
        raise CaseError(N_("« %(where)s » : « %(raw)s » dépasse 100 %%."), where=where, raw=raw)
    return number


def _flag(where: str, raw: Any) -> bool:
    if type(raw) is not bool:
        raise CaseError(N_("« %(where)s » : « %(raw)s » n'est ni true ni false."), where=where, raw=raw)
    return raw


def _text(where: str, raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise CaseError(N_("« %(where)s » : un texte est attendu."), where=where)
    return raw.strip()


@dataclass(frozen=True, slots=True)
class _OneOf:
    choices: tuple[Any, ...]

    def __call__(self, where: str, raw: Any) -> Any:
        if raw not in self.choices or isinstance(raw, bool):
            raise CaseError(
                N_("« %(where)s » : « %(raw)s » n'est pas un des choix : %(choices)s."),
                where=where,
                raw=raw,
                choices=", ".join(str(choice) for choice in self.choices),
            )
        return raw


def _one_of(*choices: Any) -> Reader:
    return _OneOf(choices)


# What each event asks for, and what it may add, with the value taken when it does not.
_REQUIRED: Mapping[str, Mapping[str, Reader]] = {
    "terminate": {},
    "formal_notice": {},
    "late_payment": {"due_on": _day, "paid_on": _day, "amount_cents": _whole},
    "reversibility_request": {},
    "price_change": {"effective_on": _day},
    "sla_measure": {
        "service": _text,
        "measured_percent": _percent,
        "mean_month_cents": _whole,
        "invoice_cents": _whole,
    },
    "usage": {"metered_average": _number, "unit_price_micros": _whole},
    "force_majeure": {},
    "withdraw": {},
    "breach": {},
    "inactivity": {"last_use_on": _day},
    "incident": {"severity": _one_of(1, 2, 3), "opened_at": _instant},
    "restore_request": {"kind": _one_of("simple", "complex"), "cause": _text},
}
_OPTIONAL: Mapping[str, Mapping[str, tuple[Reader, Any]]] = {
    "terminate": {
        "by": (_one_of("customer", "provider"), "customer"),
        "reason": (_one_of(*TERMINATE_REASONS), "none"),
        "received_on": (_day, None),
    },
    "formal_notice": {"received_on": (_day, None)},
    "reversibility_request": {
        "reason": (_one_of(*REVERSIBILITY_REASONS), "copy"),
        "received_on": (_day, None),
    },
    "sla_measure": {"promised_percent": (_percent, None)},
    "force_majeure": {"ended_on": (_day, None)},
    "withdraw": {"activated": (_flag, False)},
    "breach": {"severity": (_one_of("warning", "immediate"), "warning")},
    "incident": {"answered_at": (_instant, None), "waiting_minutes": (_whole, 0)},
}
EVENTS = tuple(_REQUIRED)
_TYPES: Mapping[Reader, str] = {
    _day: "day",
    _instant: "instant",
    _whole: "whole",
    _number: "number",
    _percent: "percent",
    _flag: "flag",
    _text: "text",
}


@dataclass(frozen=True, slots=True)
class Field:
    """What an event asks for: "day", "instant", "whole", "number", "percent", "flag", "text" or "choice"."""

    name: str
    type: str
    required: bool
    default: Any = None
    choices: tuple[Any, ...] = ()


def fields_of(what: str) -> tuple[Field, ...]:
    """The fields of a kind of event, its day first; raises KeyError for a kind that does not exist."""
    given = [("on", _day, True, None)]
    given += [(name, read, True, None) for name, read in _REQUIRED[what].items()]
    given += [(name, read, False, default) for name, (read, default) in _OPTIONAL.get(what, {}).items()]
    return tuple(_field(*each) for each in given)


def _field(name: str, read: Reader, required: bool, default: Any) -> Field:
    if isinstance(read, _OneOf):
        return Field(name, "choice", required, default, read.choices)
    return Field(name, _TYPES[read], required, default)


def read_event(raw: Any) -> Event:
    """One event from JSON's own types; raises CaseError like :func:`parse_case`."""
    return _event(1, raw)


def parse_case(raw: Any) -> Case:
    """Read one question from JSON's own types (numbers with decimals as Decimal).

    Raises CaseError with a sentence that names the field: unknown, missing, of the wrong type, impossible.
    """
    if not isinstance(raw, dict):
        raise CaseError(N_("La question est un objet JSON."))
    readers: dict[str, Reader] = {
        "contract": _one_of(*CONTRACTS),
        "customer": _one_of(*CUSTOMERS),
        "plan": _one_of(*PLANS),
        "started_on": _day,
        "monthly_fee_cents": _whole,
        "paid_through": _day,
        "as_of": _day,
    }
    _no_more_than("", raw, {*readers, "events"})
    required = [name for name in readers if name not in ("paid_through", "as_of", "monthly_fee_cents")]
    _no_less_than("", raw, required)
    read = {name: readers[name](name, raw[name]) for name in readers if raw.get(name) is not None}
    events = raw.get("events", [])
    if not isinstance(events, list):
        raise CaseError(N_("« events » : une liste est attendue."))
    parsed = tuple(sorted((_event(n, each) for n, each in enumerate(events, 1)), key=_order_of_day))
    last = parsed[-1].on if parsed else read["started_on"]
    return Case(
        stack=find_stack(read.pop("contract")),
        events=parsed,
        as_of=read.pop("as_of", last),
        monthly_fee_cents=read.pop("monthly_fee_cents", 0),
        **read,
    )


def _order_of_day(event: Event) -> tuple[date, bool]:
    return event.on, event.what != "usage"  # what was consumed is known before the day's decisions


def _event(number: int, raw: Any) -> Event:
    where = f"events[{number}]"
    if not isinstance(raw, dict):
        raise CaseError(N_("« %(where)s » : un objet est attendu."), where=where)
    _no_less_than(where, raw, ("on", "what"))
    what = _one_of(*EVENTS)(f"{where}.what", raw["what"])
    required, optional = _REQUIRED[what], _OPTIONAL.get(what, {})
    where = f"{where} {what}"
    _no_more_than(where, raw, {"on", "what", *required, *optional})
    _no_less_than(where, raw, required)
    fields = {name: read(f"{where}.{name}", raw[name]) for name, read in required.items()}
    for name, (read, default) in optional.items():
        given = raw.get(name)
        fields[name] = default if given is None else read(f"{where}.{name}", given)
    event = Event(_day(f"{where}.on", raw["on"]), what, fields)
    _in_order(where, event)
    return event


def _no_more_than(where: str, raw: Mapping[str, Any], known: Any) -> None:
    unknown = sorted(str(name) for name in set(raw) - set(known))
    if unknown:
        raise CaseError(
            N_("%(where)schamp inconnu « %(name)s » ; les champs sont : %(known)s."),
            where=f"{where} : " if where else "",
            name=unknown[0],
            known=", ".join(sorted(known)),
        )


def _no_less_than(where: str, raw: Mapping[str, Any], required: Any) -> None:
    missing = [name for name in required if raw.get(name) is None]
    if missing:
        raise CaseError(
            N_("%(where)sil manque « %(name)s »."), where=f"{where} : " if where else "", name=missing[0]
        )


# (field, field that may not come after it)
_ORDER = (("on", "received_on"), ("on", "ended_on"), ("last_use_on", "on"), ("opened_at", "answered_at"))


def _in_order(where: str, event: Event) -> None:
    known = {"on": event.on, **event.fields}
    for first, then in _ORDER:
        if known.get(first) is not None and known.get(then) is not None and known[then] < known[first]:
            raise CaseError(
                N_("%(where)s : « %(then)s » (%(late)s) ne peut pas précéder « %(first)s » (%(early)s)."),
                where=where,
                then=then,
                first=first,
                late=known[then],
                early=known[first],
            )
