"""Which records take notes: each room says so of its own, with the page where they stand."""

from typing import Any, NamedTuple

from flask import g

from portal.access import GRANTS, Permission


class Subject(NamedTuple):
    model: Any
    permission: Permission  # to read the record
    endpoint: str  # of its page, which takes ``uid``


SUBJECTS: dict[str, Subject] = {}  # by the name of the table


def takes_notes(model: Any, permission: Permission, endpoint: str) -> None:
    """Notes may be left beside these records."""
    SUBJECTS[model.__tablename__] = Subject(model, permission, endpoint)


def may_be_noted(record: Any) -> bool:
    """Are there notes beside this record, for the acting person?"""
    known = getattr(record, "__tablename__", "") in SUBJECTS
    return known and g.actor is not None and g.actor.role in GRANTS[Permission.NOTE_READ]
