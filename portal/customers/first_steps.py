"""The first customer, and the terms accepted."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Role
from portal.customers.models import Acceptance, Customer
from portal.first_steps import Step, first_step, some_of

first_step(
    Step(
        name="customer.first",
        rank=10,
        role=Role.OWNER,
        label=_l("Enregistrer un premier client"),
        url=lambda: url_for("customers.new_customer"),
        is_done=lambda: some_of(Customer.visible_to(g.actor)),
        guide="onboard",
    )
)
first_step(
    Step(
        name="customer.terms",
        rank=20,
        role=Role.OWNER,
        label=_l("Faire accepter les conditions d'une offre"),
        url=lambda: url_for("customers.list_customers"),
        is_done=lambda: some_of(Acceptance.visible_to(g.actor)),
        guide="onboard",
    )
)
