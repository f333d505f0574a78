"""The first order."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Role
from portal.first_steps import Step, first_step, some_of
from portal.subscriptions.models import Order

first_step(
    Step(
        name="order.first",
        rank=30,
        role=Role.OWNER,
        label=_l("Passer une première commande"),
        url=lambda: url_for("customers.list_customers"),
        is_done=lambda: some_of(Order.visible_to(g.actor)),
        guide="order",
    )
)
