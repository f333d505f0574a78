"""A contract that its customer takes along (contrat portable): texts, amendments, events, answers, proofs.

One file of JSON, signed like a licence file. Whoever has the program asks the same of it without the
portal that made it: the values are read from the file's own texts, never from what is installed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from portal.answers.case import Case, Event
from portal.answers.outcome import as_json
from portal.errors import PortalError, Refused
from portal.simulator.question import parse_case
from portal.simulator.run import simulate
from portal.terms.shipped import parse_document, stack_with
from portal.terms.stack import Amendment, Stack
from portal.terms.values import amended_value, from_json
from portal.wording import N_

FORMAT = "portable-contract-1"
LARGEST = 1_000_000  # bytes
_MEMBERS = {"format", "made_on", "contract", "documents", "amendments", "case", "more", "answers", "proofs"}
_CONDITIONS = "conditions"


def is_portable(raw: Any) -> bool:
    """Is this JSON such a contract, with its signature around it or without?"""
    inside = raw.get("payload", raw) if isinstance(raw, dict) else None
    return isinstance(inside, dict) and inside.get("format") == FORMAT


def answers_of(case: Case) -> dict[str, Any]:
    """What the engine says of a case, in JSON's own types."""
    return as_json(simulate(case))


def read_portable(raw: Mapping[str, Any]) -> Case:
    """The question of a file's payload, asked of the texts that it carries.

    Raises Refused for what is no such file, and like the engine for an impossible case.
    """
    strange = Refused(N_("Ce fichier n'est pas un contrat portable."), field="file")
    if set(raw) != _MEMBERS or raw["format"] != FORMAT:
        raise strange
    try:
        stack = _stack(raw)
        case = parse_case(raw["case"], [])
        more = raw["more"]
        again, billed = more["committed_on"], more.get("billed_from")
        return replace(
            case,
            stack=stack,
            billing_months=more["billing_months"],
            billing_cents=more["billing_cents"],
            committed_on=date.fromisoformat(again) if again else None,
            billed_from=date.fromisoformat(billed) if billed else None,
        )
    except PortalError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise strange from error


def _stack(raw: Mapping[str, Any]) -> Stack:
    documents = [parse_document(each["version"], each["text"]) for each in raw["documents"]]
    stack = stack_with(raw["contract"], documents)
    signed = [(each["kind"], _amendment(each)) for each in raw["amendments"]]
    conditions = [each for kind, each in signed if kind == _CONDITIONS]
    return stack.with_conditions(conditions).amended(each for kind, each in signed if kind != _CONDITIONS)


def _amendment(each: Mapping[str, Any]) -> Amendment:
    values = {
        key: amended_value(each["label"], key, from_json(key, kept["value"]), kept["clause"])
        for key, kept in each["values"].items()
    }
    signed, effective = (date.fromisoformat(each[name]) for name in ("signed_on", "effective_on"))
    return Amendment(each["label"], signed, effective, values)


def event_as_json(event: Event) -> dict[str, Any]:
    """An event as a question has it; what is not said is left out."""
    said = {name: value for name, value in event.fields.items() if value is not None}
    plain = {name: v.isoformat() if isinstance(v, date) else v for name, v in said.items()}
    return {"on": event.on.isoformat(), "what": event.what, **plain}


def question_of(name: str, case: Case) -> dict[str, Any]:
    """A case as JSON, but for what only a running subscription has: that stands in ``more``."""
    found: dict[str, Any] = {
        "contract": name,
        "customer": case.customer,
        "plan": case.plan,
        "started_on": case.started_on.isoformat(),
        "monthly_fee_cents": case.monthly_fee_cents,
        "as_of": case.as_of.isoformat(),
        "includes_vat": case.includes_vat,
        "events": [event_as_json(event) for event in case.events],
    }
    if case.paid_through is not None:
        found["paid_through"] = case.paid_through.isoformat()
    if case.reminded_on is not None:
        found["reminded_on"] = [day.isoformat() for day in case.reminded_on]
    return found


def more_of(case: Case) -> dict[str, Any]:
    again = case.committed_on
    return {
        "billing_months": case.billing_months,
        "billing_cents": case.billing_cents,
        "committed_on": again.isoformat() if again else None,
        **({"billed_from": case.billed_from.isoformat()} if case.billed_from else {}),
    }
