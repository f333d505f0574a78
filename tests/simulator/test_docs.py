"""What docs/terms.md shows is what the command does."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from portal.answers.outcome import as_json
from portal.simulator.question import EVENTS, parse_case
from portal.simulator.run import simulate

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "terms.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, re.S)
EMITTED = re.compile(r'(?:state\.(?:when|amount)\(|_at\(state,|answered\()\s*"(\w+)"')
ELSEWHERE = {"highest_quote", "payment_first", "recovery_quote"}  # of one handover, on its own page


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_answered(example: str) -> None:
    answer = as_json(simulate(parse_case(json.loads(example, parse_float=Decimal))))
    assert answer["calendar"] or answer["amounts"] or answer["notes"]


def test_every_event_has_an_example() -> None:
    shown = {event["what"] for example in EXAMPLES for event in json.loads(example)["events"]}
    assert shown == set(EVENTS)


def test_every_name_of_an_answer_is_listed_and_no_other() -> None:
    portal = ROOT / "portal"
    places = [
        *portal.glob("answers/*.py"),
        *portal.glob("simulator/*.py"),
        *portal.glob("incidents/*.py"),
        portal / "billing" / "late.py",
    ]
    emitted = {name for path in places for name in EMITTED.findall(path.read_text())} - ELSEWHERE
    listed = set(re.findall(r"`(\w+)`", TEXT.partition("### Names in the answer")[2].partition("Status:")[0]))
    assert emitted == listed
