"""Restore requests of the customers found, in the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.queries import first_found
from portal.paging import first_of
from portal.restore_requests.models import RestoreRequest
from portal.search import Hit, Sought, finder
from portal.search.registry import AT_MOST

_LETTERS = 70  # of what is looked for


@finder(90, Permission.RESTORE_READ, _l("Restaurations"))
def restores(sought: Sought) -> list[Hit]:
    owners = [row.id for row in first_found(g.actor, sought)]
    query = RestoreRequest.visible_to(g.actor).where(RestoreRequest.customer_id.in_(owners))
    query = query.options(joinedload(RestoreRequest.customer)).order_by(RestoreRequest.id.desc())
    return [
        Hit(
            row.what if len(row.what) <= _LETTERS else f"{row.what[: _LETTERS - 1]}…",
            url_for("restore_requests.show_request", uid=row.uid),
            row.customer.name,
            row.state,
            "arrow-counterclockwise",
        )
        for row in (first_of(query, AT_MOST) if owners else [])
    ]
