"""A contract question as JSON, strictly read: a field that is unknown, missing or impossible is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.answers.case import (
    ADMINISTRATOR,
    CUSTOMERS,
    EXTENSIONS,
    PLANS,
    REVERSIBILITY_REASONS,
    TERMINATE_REASONS,
    Case,
    CaseError,
    Event,
    in_order,
)
from portal.deadlines import PARIS
from portal.terms.shipped import CONTRACTS, TermsDocument, stack_with
from portal.wording import N_

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


def _days(where: str, raw: Any) -> tuple[date, ...]:
    if not isinstance(raw, list):
        raise CaseError(N_("« %(where)s » : une liste de jours est attendue."), where=where)
    return tuple(_day(where, each) for each in raw)


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
    "claim": {"kind": _one_of("conformity", "malfunction"), "known_on": _day},
    "restore_request": {"kind": _one_of("simple", "complex"), "cause": _text},
}
_OPTIONAL: Mapping[str, Mapping[str, tuple[Reader, Any]]] = {
    "terminate": {
        "by": (_one_of("customer", "provider"), "customer"),
        "reason": (_one_of(*TERMINATE_REASONS), "none"),
        "received_on": (_day, None),
        "at_term": (_flag, False),
        "transition_until": (_day, None),
        "since_on": (_day, None),
        "stops_on": (_day, None),
        "asked_on": (_day, None),
        "administrator": (_one_of(*ADMINISTRATOR), "silent"),
        "extended_by": (_one_of(*EXTENSIONS), "customer"),
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
    "incident": {
        "answered_at": (_instant, None),
        "waiting_minutes": (_whole, 0),
        "complete_at": (_instant, None),
        "called_at": (_instant, None),
        "restored_at": (_instant, None),
        "closed_at": (_instant, None),
    },
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


def parse_case(raw: Any, drafts: Sequence[TermsDocument] = ()) -> Case:
    """Read one question from JSON's own types (numbers with decimals as Decimal).

    drafts: documents asked in the place of the shipped ones of the same code. Raises CaseError with a
    sentence that names the field: unknown, missing, of the wrong type, impossible; TermsError for a
    draft that is not of this contract.
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
        "includes_vat": _flag,
        "reminded_on": _days,
    }
    _no_more_than("", raw, {*readers, "events"})
    required = [name for name in readers if name in ("contract", "customer", "plan", "started_on")]
    _no_less_than("", raw, required)
    read = {name: readers[name](name, raw[name]) for name in readers if raw.get(name) is not None}
    events = raw.get("events", [])
    if not isinstance(events, list):
        raise CaseError(N_("« events » : une liste est attendue."))
    parsed = in_order([_event(n, each) for n, each in enumerate(events, 1)])
    last = parsed[-1].on if parsed else read["started_on"]
    return Case(
        stack=stack_with(read.pop("contract"), drafts),
        events=parsed,
        as_of=read.pop("as_of", last),
        monthly_fee_cents=read.pop("monthly_fee_cents", 0),
        **read,
    )


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
_ORDER = (
    ("on", "received_on"),
    ("on", "ended_on"),
    ("last_use_on", "on"),
    ("known_on", "on"),
    ("opened_at", "answered_at"),
    ("opened_at", "complete_at"),
    ("opened_at", "restored_at"),
    ("opened_at", "closed_at"),
)


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
