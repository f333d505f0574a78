"""The first customer, and the terms accepted."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind
from portal.customers.models import Acceptance
from portal.first_steps import Step, first_step, some_of


def _has_customers() -> ColumnElement[bool]:
    """Asked of the tree, in which one's own are found by an index."""
    own = Organisation.parent_id == g.actor.organisation_id, Organisation.kind == OrganisationKind.CUSTOMER
    return some_of(select(Organisation).where(*own))


first_step(
    Step(
        name="customer.first",
        rank=10,
        role=Role.OWNER,
        label=_l("Enregistrer un premier client"),
        url=lambda: url_for("customers.new_customer"),
        is_done=_has_customers,
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
