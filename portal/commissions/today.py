"""A commission that is owed and has not left."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal.access import Permission
from portal.billing.credit_models import Refund, RefundState
from portal.commissions.models import CommissionStatement
from portal.today import Cost, Kind, Todo, waits


def _owed() -> Select[tuple[CommissionStatement]]:
    query = CommissionStatement.visible_to(g.actor).join(Refund, Refund.id == CommissionStatement.refund_id)
    found: Select[tuple[CommissionStatement]] = query.where(Refund.state == RefundState.OWED)
    return found


def _todo(row: CommissionStatement) -> Todo:
    assert row.refund is not None
    return Todo(
        what=_("Payer la commission %(number)s", number=row.number),
        who=row.organisation.name,
        due=row.refund.due_by,
        url=url_for("refunds.show", uid=row.refund.uid),
        button=_("Payer"),
        cents=row.refund.cents,
    )


waits(
    Kind(
        name="commission.pay",
        label=_l("Commissions à payer"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_owed,
        order=(Refund.due_by, CommissionStatement.id),
        tell=_todo,
        everything=lambda: url_for("refunds.list_refunds"),
        entry="refunds.list_refunds",
    )
)
