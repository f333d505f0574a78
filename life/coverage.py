"""``python -m life coverage RESULT.json…``: where each clause of priority 1 was seen; docs/lives.md."""

import json
import tomllib
from pathlib import Path
from typing import Any

from portal.simulator.coverage import cover

_DOCS = Path(__file__).resolve().parent.parent / "docs" / "lives.md"
_REASONS = Path(__file__).parent / "judge" / "unseen.toml"
_HEAD = """# What lives have shown

Written by `python -m life coverage` from the results of `make lives`. Of each clause of priority 1: the first
day on which it was seen to act, in which life, or why none shows it. A day that a person worked out by hand
counts like a letter or a paper that came; what broke anywhere in a life was not seen there.
`flask terms coverage` says what executes each clause ([terms.md](terms.md)).

"""


def write_table(results: list[Path]) -> str:
    """Write docs/lives.md; returns what is counted."""
    lives = [json.loads(path.read_text().splitlines()[-1]) for path in results]
    rows = [row for row in cover() if row.priority == 1]
    lines = [_line(row, _seen(row.id, lives), _reason(row)) for row in rows]
    seen = sum(_seen(row.id, lives) is not None for row in rows)
    said = f"{seen} of {len(rows)} clauses of priority 1 were seen to act."
    table = "| clause | seen | |\n| --- | --- | --- |\n" + "\n".join(lines)
    _DOCS.write_text(f"{_HEAD}{said}\n\n{table}\n")
    return said


def _seen(clause: str, lives: list[dict[str, Any]]) -> tuple[str, int] | None:
    """The first day and the seed of the life."""
    found = [(life["seen"][clause], life["seed"]) for life in lives if clause in life["seen"]]
    return min(found, default=None)


def _line(row: Any, seen: tuple[str, int] | None, reason: str) -> str:
    if seen is not None:
        return f"| {row.id} | {seen[0]} | seed {seen[1]} |"
    return f"| {row.id} | – | {reason} |"


def _reason(row: Any) -> str:
    """Why no life shows it."""
    with _REASONS.open("rb") as file:
        table = tomllib.load(file)
    if row.verdict != "executed":
        return "not executed yet"
    for reason in table["reason"]:
        if row.id in reason["clauses"]:
            return str(reason["why"])
    return "lived by tests only: nobody in the cast does it yet"
