"""Asking the simulator as its users do: plain JSON in, plain JSON out."""

import json
from decimal import Decimal
from typing import Any

from portal.answers.outcome import as_json
from portal.simulator.question import parse_case
from portal.simulator.run import simulate


def ask(contract: str, *events: dict[str, Any], **case: Any) -> dict[str, Any]:
    """The answer to a case; by default a business with an annual plan from 15 January 2026."""
    plans = {"dobaas": "36_months", "numspot": "on_demand"}
    raw = {
        "contract": contract,
        "customer": "business",
        "plan": plans.get(contract, "annual"),
        "started_on": "2026-01-15",
        "monthly_fee_cents": 2_000,
        "events": list(events),
        **case,
    }
    return as_json(simulate(parse_case(json.loads(json.dumps(raw), parse_float=Decimal))))


def days(answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Day and clause of each date of an answer, by name."""
    return {entry["what"]: (entry["on"], entry["clause"]) for entry in answer["calendar"]}


def cents(answer: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Cents and clause of each amount of an answer, by name; the last one of a name wins."""
    return {entry["what"]: (entry["cents"], entry["clause"]) for entry in answer["amounts"]}
