"""The days on which law or terms change, and from when on the contracts concerned are looked for."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from portal.terms.statute import Statute

_FILE = Path(__file__).with_name("ahead.toml")


@dataclass(frozen=True, slots=True)
class LookAhead:
    """days: calendar days before the change. is_setting: the law gives no number, the house chooses."""

    days: int
    source: str
    is_setting: bool


@cache
def look_ahead() -> LookAhead:
    """The setting. Source: regulation (EU) 2023/2854, art. 29 (4)."""
    return LookAhead(**tomllib.loads(_FILE.read_text())["look_ahead"])


def turning_days(rules: Iterable[Statute], after: date, through: date) -> dict[date, list[Statute]]:
    """The Paris days, after the first and up to the last one, on which a statute begins or has just ended.

    Source: the statutes themselves, each with its first and last day; L5.
    """
    found: dict[date, list[Statute]] = {}
    for rule in rules:
        ended = rule.until + timedelta(days=1) if rule.until else None
        for day in (rule.since, ended):
            if day is not None and after < day <= through:
                found.setdefault(day, []).append(rule)
    return dict(sorted(found.items()))
