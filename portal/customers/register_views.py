"""What public registers know of a customer: her company by its SIREN, her VAT number."""

import re

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from stdnum.fr import siren as number

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.countries import is_european_vat, territory_of
from portal.customers.models import Customer, CustomerKind
from portal.customers.vat_checks import VatCheck, ask_about, is_register_set
from portal.customers.views import entry_page
from portal.db import db
from portal.registers import Company, Unreachable, find_company

bp = Blueprint("registers", __name__, url_prefix="/customers")


@bp.get("/new/from-register")
@requires(Permission.CUSTOMER_WRITE)
def fill_in() -> Response:
    """The entry, with what the register says of a SIREN, or of the SIREN in a SIRET."""
    siren = re.sub(r"\D", "", request.args.get("siren", ""))[:9]
    if not number.is_valid(siren):
        return entry_page({}, asked=siren, told=_("Ce SIREN n'existe pas : sa clé de contrôle est fausse."))
    try:
        company = find_company(current_app.config["SIREN_REGISTER"], siren)
    except Unreachable:
        return entry_page(
            {"siren": siren}, told=_("Le registre ne répond pas : saisissez le client vous-même.")
        )
    if company is None:
        return entry_page({"siren": siren}, told=_("Ce SIREN n'est pas au registre : vérifiez-le."))
    told = _("Le registre dit que cette entreprise a cessé son activité.") if company.has_ceased else ""
    return entry_page(_fields(company), told=told, found=company.name)


def _fields(company: Company) -> dict[str, str]:
    kind = CustomerKind.BUSINESS
    if company.is_public:
        kind = CustomerKind.PUBLIC_BODY
    elif company.is_association:
        kind = CustomerKind.NON_PROFESSIONAL
    known = {
        name: getattr(company, name) for name in ("siren", "siret", "name", "street", "postcode", "town")
    }
    return known | {"kind": kind.value, "country": territory_of("FR", company.postcode), "language": "fr"}


@bp.post("/<uid>/vat-check")
@requires(Permission.CUSTOMER_WRITE)
def ask_vat(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    ask_about(customer, by=g.actor)
    db.session.commit()
    return htmx.go(url_for("customers.show_customer", uid=uid), toast=_("La question part au registre."))


@bp.get("/<uid>/vat-check")
@requires(Permission.CUSTOMER_READ)
def show_vat(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    return make_response(render_template("customers/_vat_check.html", customer=customer))


@bp.app_template_global()
def vat_check_of(customer: Customer) -> VatCheck | None:
    return VatCheck.of(customer)


@bp.app_template_global()
def is_asked_of_the_union(customer: Customer) -> bool:
    return is_european_vat(customer.vat_number or "")


@bp.app_template_global()
def has_vat_register() -> bool:
    return is_register_set()


@bp.app_template_global()
def has_company_register() -> bool:
    return bool(current_app.config["SIREN_REGISTER"])
