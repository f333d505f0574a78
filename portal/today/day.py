"""The list of one person's day."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from flask import g
from sqlalchemy import Select

from portal import clock
from portal.access import holds
from portal.db import kept_for
from portal.paging import Count, count_of, counted, counting, counts_of, first_of
from portal.today.kinds import KINDS, Kind, Todo

EACH = 6  # lines of one kind; the page says how many more there are
BADGE = 99


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do, and its kind."""

    kind: Kind[Any]
    todo: Todo


@dataclass(frozen=True, slots=True)
class Rest:
    """What of a kind is not on the page."""

    kind: Kind[Any]
    count: Count


@dataclass(frozen=True, slots=True)
class Day:
    lines: list[Line]
    rest: list[Rest]

    @property
    def mark(self) -> str:
        """What a page that shows this day can ask with, whether there is another one now."""
        return ".".join(sorted(map(_sign, self.lines)))

    def since(self, mark: str) -> tuple[int, int]:
        """How many lines are new since a page with that mark was made, and how many are gone."""
        before, now = set(filter(None, mark.split("."))), set(map(_sign, self.lines))
        return len(now - before), len(before - now)


def own_kinds() -> list[Kind[Any]]:
    """What may wait for the acting person, by her role."""
    own = (kind for kind in KINDS.values() if g.actor.role not in kind.others)
    return [kind for kind in own if holds(g.actor, kind.permission)]


def day(each: int = EACH, of: Any = None) -> Day:
    """The first few of each kind: what costs most to wait first, and of that what is due first.

    of: an organisation, for what waits about its own records alone.
    """
    lines: list[Line] = []
    rest: list[Rest] = []
    whole: dict[str, int] = {}
    for kind in own_kinds():
        query = _ordered(kind)
        if of is not None:
            query = query.where(_entity(kind).organisation_id == of.id)
        found = first_of(query, each + 1)
        if len(found) <= each:
            whole[kind.name] = len(found)
        lines += [Line(kind, kind.tell(row)) for row in found[:each]]
        if len(found) > each:
            rest.append(Rest(kind, count_of(query.order_by(None))))
    if of is None:
        g.found_today = whole  # the menu of the same page need not ask again
    return Day(sorted(lines, key=_urgency), rest)


def waiting_for(record: Any) -> list[Line]:
    """What waits about one record; the same lines as on the home page."""
    kinds = (kind for kind in own_kinds() if _entity(kind) is type(record))
    found = ((kind, first_of(_fresh(kind).where(_entity(kind).id == record.id), 1)) for kind in kinds)
    return sorted((Line(kind, kind.tell(row)) for kind, rows in found for row in rows), key=_urgency)


def _sign(line: Line) -> str:
    said = f"{line.kind.name} {line.todo.url} {line.todo.due_on}"
    return hashlib.sha256(said.encode()).hexdigest()[:6]


def _entity(kind: Kind[Any]) -> Any:
    return _entity_of(kind.rows())


def _entity_of(rows: Select[Any]) -> Any:
    return rows.column_descriptions[0]["entity"]


def _ordered(kind: Kind[Any]) -> Select[Any]:
    return _fresh(kind).order_by(None).order_by(*kind.order)


def _fresh(kind: Kind[Any]) -> Select[Any]:
    """As the query finds them: a worker may have taken a row on since this page has loaded it."""
    return kind.rows().execution_options(populate_existing=True)


def _urgency(line: Line) -> tuple[int, int, date, str]:
    todo = line.todo
    return todo.bucket, line.kind.cost, todo.due_on or date.max, todo.who


def badges() -> dict[str, int]:
    """How much waits behind each entry of the menu, by its endpoint; counted to a hundred."""
    numbers: dict[str, int] = dict(g.get("found_today", {}))
    kinds = own_kinds()
    unknown = [kind for kind in kinds if kind.name not in numbers]
    if same := tuple(kind.name for kind in unknown if not kind.asks):
        person = g.actor
        who = (person.id, person.organisation_id, person.role)
        numbers |= counted(_same_all_day(same, person.org_path, who, clock.today()))
    numbers |= counts_of({kind.name: _ids(kind) for kind in unknown if kind.asks}, BADGE + 1)
    found: dict[str, int] = {}
    for kind in kinds:
        if number := numbers[kind.name]:
            found[kind.entry] = min(found.get(kind.entry, 0) + number, BADGE + 1)
    return found


@lru_cache(maxsize=128)  # working out forty queries anew for each page costs more than running them
def _same_all_day(
    names: tuple[str, ...], path: str, who: tuple[Any, ...], today: date
) -> Select[tuple[str, int]]:
    """What counts these kinds for the acting person, who is ``who`` at this path, on a day."""
    return kept_for(path, counting({name: _ids(KINDS[name]) for name in names}, BADGE + 1))


def _ids(kind: Kind[Any]) -> Select[Any]:
    rows = kind.rows()
    return rows.with_only_columns(_entity_of(rows).id)
