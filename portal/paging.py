"""Lists page by page: 25 rows after a key, and the key of the next page. Nothing is cut in silence."""

from typing import Any

from sqlalchemy import Select

from portal.db import db

PAGE = 25


def page_of(query: Select[Any], model: Any, after: str) -> tuple[list[Any], str]:
    """The 25 rows after a cursor, newest first, and the cursor of the next page."""
    if after.isdigit() and len(after) < 18:
        query = query.where(model.id < int(after))
    rows = list(db.session.scalars(query.order_by(model.id.desc()).limit(PAGE + 1)))
    return rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else ""
