"""Naming who bills a customer or a reseller's next customers."""

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.billing.issuers import name_issuer
from portal.customers.models import Customer
from portal.db import db
from portal.resellers.models import LegalEntity
from portal.resellers.reseller import Reseller

bp = Blueprint("issuers", __name__, url_prefix="/billing/issuers")


@bp.post("/<organisation_uid>")
@requires(Permission.ENTITY_WRITE)
def choose(organisation_uid: str) -> Response:
    organisation = get_or_404(Organisation.visible_to(g.actor), organisation_uid)
    entity = get_or_404(LegalEntity.visible_to(g.actor), request.form.get("entity", ""))
    name_issuer(organisation, entity, by=g.actor)
    db.session.commit()
    return htmx.go(_page_of(organisation), toast=_("%(name)s facturera.", name=entity.name))


def _page_of(organisation: Organisation) -> str:
    if organisation.kind == OrganisationKind.CUSTOMER:
        query = db.select(Customer.uid).where(Customer.organisation_id == organisation.id)
        return url_for("customers.show_customer", uid=db.session.scalar(query))
    query = db.select(Reseller.uid).where(Reseller.organisation_id == organisation.id)
    return url_for("resellers.show_reseller", uid=db.session.scalar(query))
