"""The page of a list."""

import hashlib
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, g

from portal import htmx
from portal.listing.asked import Asked
from portal.listing.definition import Listing
from portal.listing.models import SavedView, views_of


def list_page(listing: Listing[Any], template: str, wanted: Any = None, **context: Any) -> Response:
    """The page of a list, or its rows alone where the search asks for them.

    wanted: what is asked for, where the address does not say it by the names of the list.
    """
    asked = Asked(listing, wanted)
    rows = asked.page()
    shown = {"asked": asked, "rows": rows, "sum": asked.sum(), "mark": mark_of(rows), **context}
    if htmx.wants_fragment():
        return htmx.render(template, "listing/_rows.html", **shown)
    return htmx.render(template, template, views=_views(asked), **shown)


def _views(asked: Asked[Any]) -> list[SavedView]:
    """Those that the person has kept, of the same record where the list is that of one."""
    listing = asked.listing
    views = views_of(g.actor, listing.name)
    if not listing.within:
        return views
    own = asked.values[listing.within]
    return [view for view in views if dict(parse_qsl(view.wishes)).get(listing.within) == own]


def mark_of(rows: list[Any]) -> str:
    """A mark of what is shown: another one as soon as one of these rows is another."""
    text = " ".join(f"{row.uid}:{getattr(row, 'version', 0)}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
