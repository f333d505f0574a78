"""The statement on the page of what pays it."""

from collections.abc import Iterable

from flask import g, url_for
from flask_babel import gettext as _

from portal.access import Permission
from portal.billing.credit_models import Refund
from portal.commissions.models import CommissionStatement
from portal.db import db
from portal.panels import Related, relates


@relates(Refund, Permission.MARGIN_READ)
def statement_of(refund: Refund) -> Iterable[Related]:
    query = CommissionStatement.visible_to(g.actor).where(CommissionStatement.number == refund.paper)
    query = query.where(CommissionStatement.legal_entity_id == refund.legal_entity_id)
    for row in db.session.scalars(query):
        yield Related(_("Relevé de commission"), row.number, url_for("commissions.show", uid=row.uid))
