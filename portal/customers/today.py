"""Contracts that wait for the customer's acceptance."""

from urllib.parse import urlencode

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.terms_requests import RequestState, TermsRequest
from portal.today import Cost, Kind, Todo, waits


def _waiting() -> Select[tuple[TermsRequest]]:
    query = TermsRequest.visible_to(g.actor).where(TermsRequest.state == RequestState.SENT)
    return query.options(joinedload(TermsRequest.customer))


def _told(row: TermsRequest) -> Todo:
    link, order = row.link, {**row.order}
    address = url_for("acceptances.new_acceptance", uid=row.customer.uid, terms=row.terms)
    return Todo(
        what=_("Conditions à faire accepter : %(terms)s", terms=row.stack.label),
        who=row.customer.name,
        url=f"{address}&{urlencode(order)}" if order else address,
        button=_("Relancer"),
        due=link.expires_at if link is not None else None,
    )


waits(
    Kind(
        name="terms.acceptance",
        label=_l("Conditions à faire accepter"),
        cost=Cost.MONEY,
        permission=Permission.CUSTOMER_WRITE,
        rows=_waiting,
        order=(TermsRequest.id,),
        tell=_told,
        everything=lambda: url_for("customers.list_customers"),
        entry="customers.list_customers",
    )
)
