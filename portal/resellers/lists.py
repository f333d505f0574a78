"""A filter that lists of several rooms share: by the legal entity that issues or collects."""

from collections.abc import Sequence
from typing import Any

from flask import g
from sqlalchemy import select

from portal.db import db
from portal.listing import Choice
from portal.resellers.models import LegalEntity


def entity_choice(label: Any, column: Any) -> Choice:
    """column: the id of the entity in the listed table. Nothing is to choose where there is one alone."""

    def options() -> Sequence[tuple[str, Any]]:
        rows = list(db.session.scalars(LegalEntity.visible_to(g.actor).order_by(LegalEntity.name)))
        return [(row.uid, row.name) for row in rows] if len(rows) > 1 else []

    return Choice(
        "entity",
        label,
        options,
        lambda value: column.in_(select(LegalEntity.id).where(LegalEntity.uid == value)),
    )
