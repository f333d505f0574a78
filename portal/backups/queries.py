"""The wall of machines: searched, filtered by state, counted by state; the same judgement as ``health``."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, or_, select
from sqlalchemy.orm import contains_eager

from portal import clock
from portal.backups.health import ALARMS, MAY_BE_LATE, Health
from portal.backups.models import BackupReview, Machine, ReviewState
from portal.csv_file import rows_of
from portal.customers.models import fold
from portal.customers.queries import customers_named
from portal.paging import Count, Page, count_of, page_of, page_of_parts

PAGE = 120


def state_column() -> Any:
    """:func:`portal.backups.health.health` as SQL."""
    late = and_(Machine.standing.in_(MAY_BE_LATE), Machine.due_by < clock.now())
    return case((late, Health.LATE.value), else_=cast(Machine.standing, String))


def machines(actor: Any, text: str = "") -> Select[Any]:
    """``text`` is the beginning of a word of a customer's or a machine's name."""
    query = Machine.visible_to(actor).join(Machine.customer).options(contains_eager(Machine.customer))
    if folded := fold(text):
        own = select(Machine.id).where(
            Machine.name_folded >= folded, Machine.name_folded < folded + "\U0010ffff"
        )
        named = select(Machine.id).where(Machine.customer_id.in_(customers_named(folded)))
        query = query.where(or_(Machine.id.in_(own), Machine.id.in_(named)))
    return query


def _parts(state: Health | None) -> list[tuple[Any, tuple[Any, ...]]]:
    """The wall in its order, the gravest first: conditions that exclude each other, each with its own keys.

    One index holds each part in its order, the longest awaited first, so that no page sorts every machine.
    """
    now = clock.now()
    parts: list[tuple[Health, Any, tuple[Any, ...]]] = []
    awaited = (Machine.due_by, Machine.id)
    for one in Health:
        same = Machine.standing == one
        if one == Health.LATE:
            late = Machine.due_by < now
            parts += [(one, and_(Machine.standing == each, late), awaited) for each in MAY_BE_LATE]
        elif one in MAY_BE_LATE:
            parts.append((one, and_(same, Machine.due_by >= now), awaited))
        else:
            keys = (Machine.id,) if one in (Health.UNKNOWN, Health.UNWATCHED) else awaited
            parts.append((one, same, keys))
    return [(condition, keys) for one, condition, keys in parts if state in (None, one)]


def count_by_state(actor: Any, text: str = "") -> dict[Health, Count]:
    """How many machines are in each state, the gravest first; states without a machine are left out."""
    found = machines(actor, text).with_only_columns(Machine.id)
    counts = {}
    for state in Health:
        number = count_of(*(found.where(condition) for condition, _keys in _parts(state)))
        if number:
            counts[state] = number
    return counts


def count_alarms(actor: Any) -> Count:
    """Machines that somebody should look at."""
    found = Machine.visible_to(actor).with_only_columns(Machine.id)
    return count_of(*(found.where(condition) for state in ALARMS for condition, _keys in _parts(state)))


def page(actor: Any, text: str = "", state: Health | None = None) -> Page[Machine]:
    """One page of the wall."""
    query = machines(actor, text)
    return page_of_parts([(query.where(where), keys) for where, keys in _parts(state)], size=PAGE)


def every_machine(actor: Any, text: str = "", state: Health | None = None) -> Iterator[Machine]:
    """The whole wall, in its order."""
    query = machines(actor, text)
    for condition, keys in _parts(state):
        for (machine,) in rows_of(query.where(condition).order_by(*keys)):
            yield machine


def open_reviews(actor: Any) -> Page[BackupReview]:
    """Contracts that a person must look at, the oldest first."""
    query = BackupReview.visible_to(actor).where(BackupReview.state == ReviewState.OPEN)
    return page_of(query, BackupReview.id, name="reviews")
