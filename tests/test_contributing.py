"""What CONTRIBUTING.md names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
_PLACE = r"(?:portal|tests|templates|migrations|translations|docs|bin)/[\w./-]*\w"
MADE_BY_A_RECIPE: set[str] = set()


def test_every_place_exists() -> None:
    named = set(re.findall(rf"[`(\s]({_PLACE})", TEXT))
    assert len(named) > 40
    assert {place for place in named if not (ROOT / place).exists()} == MADE_BY_A_RECIPE


def test_every_name_of_a_recipe_stands_in_the_file_it_names() -> None:
    """`portal/a.py`, `name`: or: `name` of `portal/a.py`."""
    pairs = [
        *re.findall(rf"`({_PLACE}\.\w+)`, (?:class )?`(\w+)`", TEXT),
        *((place, name) for name, place in re.findall(rf"`(\w+)` of\s+`({_PLACE}\.\w+)`", TEXT)),
    ]
    assert len(pairs) >= 10
    assert [pair for pair in pairs if pair[1] not in (ROOT / pair[0]).read_text()] == []


def test_it_stays_short() -> None:
    assert len(TEXT.splitlines()) < 200
