"""Quotes by their number: found by the search."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.paging import first_of
from portal.quotes.models import Quote, shown_to
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers
from portal.search.registry import AT_MOST


@keyed(Quote, "number")
def _words(row: Quote) -> list[str]:
    return of_numbers(row.number)


@finder(21, Permission.QUOTE_READ, _l("Devis"))
def quotes(sought: Sought) -> list[Hit]:
    own = [row.id for row in by_number(Quote, g.actor, sought)]
    query = shown_to(g.actor).where(Quote.id.in_(own)).options(joinedload(Quote.customer))
    found = first_of(query.order_by(Quote.id.desc()), AT_MOST) if own else []
    return [
        Hit(
            row.number,
            url_for("quotes.show_quote", uid=row.uid),
            row.customer.name,
            row.state,
            "file-earmark-check",
        )
        for row in found
    ]
