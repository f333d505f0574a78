"""Credits that the list, a page and the day read alike."""

from typing import Any

from sqlalchemy import Select

from portal.access import RESELLER
from portal.availability.credits import ServiceCredit
from portal.db import db
from portal.resellers.issuing import runs
from portal.resellers.models import issuers_of


def credits_run_by(actor: Any) -> Select[tuple[ServiceCredit]]:
    """The credits on which this person decides: for people of a reseller those that its own issuer will bear.

    A credit lessens the next invoice, so whoever bills the customer today has the say.
    """
    query: Select[tuple[ServiceCredit]] = ServiceCredit.visible_to(actor)
    if actor.role not in RESELLER:
        return query
    owners = query.with_only_columns(ServiceCredit.customer_id, ServiceCredit.org_path).distinct()
    rows = db.session.execute(owners).all()
    issuers = issuers_of(rows)
    own = [row.customer_id for row in rows if runs(actor, issuers[row.org_path])]
    return query.where(ServiceCredit.customer_id.in_(own))
