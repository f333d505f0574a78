"""The wall of machines: searched, filtered by state, counted by state; the same judgement as ``health``."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import contains_eager

from portal import clock
from portal.backups.health import ALARMS, Health, Outcome, Trouble
from portal.backups.models import BackupReview, Machine, ReviewState
from portal.customers.models import Customer, fold
from portal.db import db
from portal.paging import Page, page_of

PAGE = 120


def state_column() -> Any:
    """:func:`portal.backups.health.health` as SQL, so that the database filters and counts."""
    good = and_(Machine.outcome == Outcome.OK, Machine.incidents == 0)
    return case(
        (Machine.is_watched.is_(False), Health.UNWATCHED.value),
        (or_(Machine.outcome.is_(None), Machine.due_by.is_(None)), Health.UNKNOWN.value),
        (Machine.trouble == Trouble.DAMAGED, Health.DAMAGED.value),
        (Machine.trouble == Trouble.LOCKED, Health.LOCKED.value),
        (Machine.outcome == Outcome.FAILED, Health.FAILED.value),
        (Machine.due_by < clock.now(), Health.LATE.value),
        (good, Health.FRESH.value),
        else_=Health.PARTIAL.value,
    )


def machines(actor: Any, text: str = "", state: Health | None = None) -> Select[Any]:
    """The gravest first; ``text`` is the beginning of a customer's or a machine's name."""
    query = Machine.visible_to(actor).join(Machine.customer).options(contains_eager(Machine.customer))
    if folded := fold(text):
        last = folded + "\U0010ffff"
        query = query.where(
            or_(
                and_(Customer.name_folded >= folded, Customer.name_folded < last),
                and_(Machine.name_folded >= folded, Machine.name_folded < last),
            )
        )
    if state is not None:
        query = query.where(state_column() == state.value)
    return query.order_by(*_keys())


def _keys() -> tuple[Any, ...]:
    gravity = case({member.value: rank for rank, member in enumerate(Health)}, value=state_column())
    return gravity, Customer.name_folded, Machine.name_folded, Machine.id


def count_by_state(actor: Any, text: str = "") -> dict[Health, int]:
    """How many machines are in each state, the gravest first; states without a machine are left out."""
    found = machines(actor, text).order_by(None).with_only_columns(state_column().label("state")).subquery()
    rows = db.session.execute(select(found.c.state, func.count()).group_by(found.c.state))
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    return {state: counts[state.value] for state in Health if state.value in counts}


def count_alarms(actor: Any) -> int:
    """Machines that somebody should look at."""
    return sum(number for state, number in count_by_state(actor).items() if state in ALARMS)


def page(query: Select[Any]) -> Page[Machine]:
    """One page of the wall."""
    return page_of(query, *_keys(), size=PAGE)


def open_reviews(actor: Any) -> Page[BackupReview]:
    """Contracts that a person must look at, the oldest first."""
    query = BackupReview.visible_to(actor).where(BackupReview.state == ReviewState.OPEN)
    return page_of(query, BackupReview.id, name="reviews")
