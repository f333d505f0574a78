"""Steps of a beginning. Each room registers its own in ``first_steps.py`` with :func:`first_step`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, Select, literal, select

from portal.access import Role
from portal.db import db
from portal.first_steps.models import FirstStepsDismissal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do once.

    is_done: a condition of SQL on the acting person's rows, cheap whether there are none or many; or what a
    setting says. guide: the page that says how, with the place in it.
    """

    name: str
    rank: int
    role: Role
    label: Any
    url: Callable[[], str]
    is_done: Callable[[], ColumnElement[bool] | bool]
    guide: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A step, and whether it is done."""

    step: Step
    is_done: bool


def some_of(query: Select[Any]) -> ColumnElement[bool]:
    """Condition of SQL: does the query have a row? One is read at most."""
    return query.order_by(None).with_only_columns(literal(1)).exists()


STEPS: dict[str, Step] = {}


def first_step(step: Step) -> Step:
    """Register a step."""
    if step.name in STEPS:
        raise KeyError(f"two first steps are called {step.name}")
    STEPS[step.name] = step
    return step


def own_steps() -> list[Line]:
    """Those of the acting person, in their order; none when all are done, or when she wants to see none."""
    if not _mine() or FirstStepsDismissal.of(g.actor) is not None:
        return []
    return undone_lines()


def undone_lines() -> list[Line]:
    """The same, whether she wants to see them or not."""
    lines = own_lines()
    return lines if any(not line.is_done for line in lines) else []


def own_lines() -> list[Line]:
    """Every step of the acting person, done or not."""
    mine = _mine()
    asked = {step.name: step.is_done() for step in mine}
    conditions = {name: each for name, each in asked.items() if not isinstance(each, bool)}
    found: dict[str, bool] = {name: each for name, each in asked.items() if isinstance(each, bool)}
    if conditions:
        row = db.session.execute(select(*conditions.values())).one()
        found |= dict(zip(conditions, map(bool, row), strict=True))
    return [Line(step, found[step.name]) for step in mine]


def _mine() -> list[Step]:
    return sorted((step for step in STEPS.values() if step.role == g.actor.role), key=lambda step: step.rank)
