"""The wall of machines: searched, filtered by state, counted by state; the same judgement as ``health``."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, func, literal, or_, type_coerce
from sqlalchemy.orm import contains_eager, selectinload

from portal import clock
from portal.backups.health import ALARMS, MAY_BE_LATE, Health
from portal.backups.models import BackupReview, Machine, ReviewState
from portal.csv_file import rows_of
from portal.customers.queries import customers_named
from portal.db import Plain, db, is_root
from portal.paging import COUNTED, Count, Page, count_of, few_of, page_of, page_of_parts
from portal.search.words import fold

PAGE = 120
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # stands for no day in an order: equal for all that have none


def state_column() -> Any:
    """:func:`portal.backups.health.health` as SQL."""
    late = and_(Machine.standing.in_(MAY_BE_LATE), Machine.due_by < clock.now())
    return case((late, Health.LATE.value), else_=cast(Machine.standing, String))


def machines(actor: Any, text: str = "") -> Select[Any]:
    """``text`` is the beginning of a word of a customer's name, or of a machine's."""
    query = Machine.visible_to(actor).join(Machine.customer).options(contains_eager(Machine.customer))
    if folded := fold(text):
        query = query.where(or_(*(Machine.id.in_(found) for found in _found(actor, folded))))
    return query


def _found(actor: Any, folded: str) -> tuple[Select[Any], Select[Any]]:
    seen = Machine.visible_to(actor).with_only_columns(Machine.id)
    own = seen.where(Machine.name_folded >= folded, Machine.name_folded < folded + "\U0010ffff")
    return own, seen.where(Machine.customer_id.in_(customers_named(folded)))


class Wall:
    """The machines that a person asked for, counted and page by page.

    Of those that a text finds no more are looked at than a person reads, so that a short one costs no more.
    """

    def __init__(self, actor: Any, text: str = "", state: Health | None = None) -> None:
        self._state = state
        self._query = Machine.visible_to(actor)
        self._is_small = not is_root(actor.org_path)
        self._is_found = self.has_more = False
        if folded := fold(text):
            self._is_found = True
            ids = {row for found in _found(actor, folded) for row in db.session.scalars(few_of(found))}
            self.has_more = len(ids) > COUNTED
            self._query = self._query.where(Machine.id.in_(ids))
            self._is_small = True

    def counts(self) -> dict[Health, Count]:
        """How many are in each state, the gravest first; states without a machine are left out."""
        found = self._query.with_only_columns(Machine.id)
        if self._is_found:  # few, and all of them at hand
            name = state_column().label("state")
            query = self._query.with_only_columns(name, func.count()).group_by(name)
            few = {Health(row): Count(number) for row, number in db.session.execute(query)}
            return {state: few[state] for state in Health if state in few}
        counts = {
            state: count_of(*(found.where(where) for where, _keys in _parts(state, self._is_small)))
            for state in Health
        }
        return {state: number for state, number in counts.items() if number}

    def page(self) -> Page[Machine]:
        """One page, in the order of the wall."""
        query, parts = self._query, _parts(self._state, self._is_small)
        if self._is_found:
            return page_of(*_in_order(query, parts), size=PAGE)
        query = query.options(selectinload(Machine.customer))
        return page_of_parts([(query.where(where), keys) for where, keys in parts], size=PAGE)


def _parts(state: Health | None, is_small: bool) -> list[tuple[Any, tuple[Any, ...]]]:
    """The wall in its order, the gravest first: conditions that exclude each other, each with its own keys.

    One index holds each part in its order, the longest awaited first, so that no page sorts every machine.
    is_small: few machines are asked for, and found by something else than their state.
    """
    standing = Plain(Machine.standing) if is_small else Machine.standing
    due_by = Plain(Machine.due_by) if is_small else Machine.due_by
    now = clock.now()
    parts: list[tuple[Health, Any, tuple[Any, ...]]] = []
    awaited = (Machine.due_by, Machine.id)
    for one in Health:
        same = standing == one
        if one == Health.LATE:
            late = due_by < now
            parts += [(one, and_(standing == each, late), awaited) for each in MAY_BE_LATE]
        elif one in MAY_BE_LATE:
            parts.append((one, and_(same, due_by >= now), awaited))
        else:
            keys = (Machine.id,) if one in (Health.UNKNOWN, Health.UNWATCHED) else awaited
            parts.append((one, same, keys))
    return [(condition, keys) for one, condition, keys in parts if state in (None, one)]


def _in_order(query: Select[Any], parts: list[tuple[Any, tuple[Any, ...]]]) -> tuple[Any, ...]:
    """Few machines in the order of the wall by one sort: the query, and its keys."""
    place = case(*((where, number) for number, (where, _keys) in enumerate(parts)), else_=len(parts))
    awaited = [number for number, (_where, keys) in enumerate(parts) if len(keys) > 1]
    waits = case((place.in_(awaited), Machine.due_by), else_=literal(NEVER, Machine.due_by.type))
    kept = query.where(place < len(parts)).options(selectinload(Machine.customer))
    return kept, place, type_coerce(waits, Machine.due_by.type), Machine.id


def count_alarms(actor: Any) -> Count:
    """Machines that somebody should look at."""
    found = Machine.visible_to(actor).with_only_columns(Machine.id)
    parts = (part for state in ALARMS for part in _parts(state, not is_root(actor.org_path)))
    return count_of(*(found.where(condition) for condition, _keys in parts))


def every_machine(actor: Any, text: str = "", state: Health | None = None) -> Iterator[Machine]:
    """The whole wall, in its order."""
    query = machines(actor, text)
    for condition, keys in _parts(state, bool(text) or not is_root(actor.org_path)):
        for (machine,) in rows_of(query.where(condition).order_by(*keys)):
            yield machine


def open_reviews(actor: Any) -> Page[BackupReview]:
    """Contracts that a person must look at, the oldest first."""
    query = BackupReview.visible_to(actor).where(BackupReview.state == ReviewState.OPEN)
    return page_of(query, BackupReview.id, name="reviews")
