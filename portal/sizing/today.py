"""What a sold service still waits for: its hand-over to who runs it at the customer's."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.sizing.models import Sizing
from portal.subscriptions.models import Order, OrderState
from portal.today import Cost, Kind, Todo, waits


def _to_hand_over() -> Select[tuple[Sizing]]:
    query = Sizing.visible_to(g.actor).join(Sizing.order)
    query = query.where(Sizing.handed_over_on.is_(None), Order.state == OrderState.DELIVERED)
    return query.options(joinedload(Sizing.order).joinedload(Order.customer))


waits(
    Kind(
        name="sizing.handover",
        label=_l("Services à remettre"),
        cost=Cost.PEOPLE,
        permission=Permission.BACKUP_WORK,
        rows=_to_hand_over,
        order=(Sizing.id,),
        tell=lambda row: Todo(
            what=_("Transfert de compétences à %(who)s", who=row.recipient_name),
            who=row.order.customer.name,
            url=url_for("sizing.show_sizing", uid=row.order.uid),
            button=_("Remettre le service"),
        ),
        everything=lambda: url_for("subscriptions.list_orders", state=OrderState.DELIVERED),
        entry="subscriptions.list_orders",
    )
)
