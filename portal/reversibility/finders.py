"""Handovers of the customers found, in the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.queries import first_found
from portal.paging import first_of
from portal.reversibility.models import ReversibilityCase
from portal.search import Hit, Sought, finder
from portal.search.registry import AT_MOST


@finder(95, Permission.REVERSIBILITY_READ, _l("Réversibilité"))
def handovers(sought: Sought) -> list[Hit]:
    owners = [row.id for row in first_found(g.actor, sought)]
    query = ReversibilityCase.visible_to(g.actor).where(ReversibilityCase.customer_id.in_(owners))
    query = query.options(
        joinedload(ReversibilityCase.customer), joinedload(ReversibilityCase.subscription)
    ).order_by(ReversibilityCase.id.desc())
    return [
        Hit(
            row.subscription.product_name,
            url_for("reversibility.show_case", uid=row.uid),
            row.customer.name,
            row.state,
            "box-arrow-up",
        )
        for row in (first_of(query, AT_MOST) if owners else [])
    ]
