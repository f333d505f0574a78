"""What is kept and until when: the table, and the last day of one record, as pure functions."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from portal.deadlines import add_months

_FILE = Path(__file__).with_name("retention.toml")


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of record. months: from the day that ``since`` names; by: who erases it."""

    name: str
    months: int
    since: str
    source: str
    by: str
    is_setting: bool = False  # the law gives no length: a choice of the house

    def erased_from(self, day: date) -> date:
        """The first day on which a record of that day is kept no more.

        Source: regulation (EU) 2016/679, art. 5 (1) (e); the text that the row names.
        """
        return add_months(day, self.months)

    def kept_since(self, today: date) -> date:
        """Records before this day are kept no more today.

        Source: regulation (EU) 2016/679, art. 5 (1) (e); the text that the row names.
        """
        return add_months(today, -self.months)


@cache
def table() -> Mapping[str, Kept]:
    """Every kind, by its name."""
    rows = tomllib.loads(_FILE.read_text())
    return {name: Kept(name=name, **row) for name, row in rows.items()}
