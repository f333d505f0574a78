"""Money that came by card and fits nothing waits for a person."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.cards.models import C, CardPayment
from portal.cards.views import page_of
from portal.subscriptions.order_states import OrderState
from portal.today import Cost, Kind, Todo, waits


def _to_look_at() -> Select[tuple[CardPayment]]:
    query = CardPayment.visible_to(g.actor).where(CardPayment.state == C.REVIEW)
    return query.options(joinedload(CardPayment.customer))


waits(
    Kind(
        name="card.review",
        label=_l("Paiements par carte à regarder"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_to_look_at,
        order=(CardPayment.id,),
        tell=lambda row: Todo(
            what=_("Paiement par carte à regarder : %(why)s", why=row.note),
            who=row.customer.name,
            url=page_of(row),
            button=_("Voir le paiement"),
            cents=row.received_cents,
        ),
        everything=lambda: url_for("subscriptions.list_orders", state=OrderState.PENDING_APPROVAL),
        entry="subscriptions.list_orders",
    )
)
