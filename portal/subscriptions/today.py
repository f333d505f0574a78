"""What contracts and orders ask of a person: last days to refuse a renewal, payments that were promised."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.access import Permission
from portal.answers.run import answer
from portal.errors import Refused
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import GOING_ON, Order, OrderState, Subscription
from portal.terms.answered import Answered
from portal.today import Cost, Kind, Todo, waits
from portal.today.kinds import REPAIRERS

_AHEAD = timedelta(days=30)  # before the last day of notice


def _ending() -> Select[tuple[Subscription]]:
    today = clock.today()
    return (
        Subscription.visible_to(g.actor)
        .where(
            Subscription.state.in_(GOING_ON),
            Subscription.last_notice_on >= today,
            Subscription.last_notice_on <= today + _AHEAD,
        )
        .options(joinedload(Subscription.customer))
    )


def _last_day(subscription: Subscription) -> Answered | None:
    """The clause that the day comes from; None where the contract can no more be asked."""
    try:
        return answer(bare_case(subscription)).find("last_notice_day")
    except Refused:
        return None


waits(
    Kind(
        name="subscription.notice",
        label=_l("Derniers jours de préavis"),
        cost=Cost.RIGHT,
        permission=Permission.SUBSCRIPTION_READ,
        rows=_ending,
        order=(Subscription.last_notice_on, Subscription.id),
        tell=lambda row: Todo(
            what=_("Dernier jour pour refuser le renouvellement : %(what)s", what=row.label),
            who=row.customer.name,
            url=url_for("subscriptions.show_subscription", uid=row.uid),
            button=_("Voir le contrat"),
            due=row.last_notice_on,
            why=_last_day(row),
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions", notice_within="30"),
        entry="subscriptions.list_subscriptions",
        others=REPAIRERS,
    )
)


def _awaited() -> Select[tuple[Order]]:
    query = Order.visible_to(g.actor).where(Order.state == OrderState.AWAITING_PAYMENT)
    return query.options(joinedload(Order.customer), selectinload(Order.proforma))


def _promised(order: Order) -> Todo:
    proforma = order.proforma
    return Todo(
        what=_("Paiement attendu pour %(what)s", what=f"{order.quantity} × {order.product_name}"),
        who=order.customer.name,
        url=url_for("subscriptions.show_order", uid=order.uid),
        button=_("Voir la commande"),
        due=proforma.valid_through if proforma else None,
        cents=proforma.gross_cents if proforma else None,
    )


waits(
    Kind(
        name="order.payment",
        label=_l("Paiements attendus"),
        cost=Cost.MONEY,
        permission=Permission.ORDER_READ,
        rows=_awaited,
        order=(Order.id,),
        tell=_promised,
        everything=lambda: url_for("subscriptions.list_orders", state=OrderState.AWAITING_PAYMENT),
        entry="subscriptions.list_orders",
        others=REPAIRERS,
    )
)
