"""Rates of VAT by state, and the two lists that the tax administration asks for."""

from datetime import date, timedelta

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.rate_views import PercentField
from portal.billing.vat import OTHER_EU_STATES
from portal.billing.vat_rates import enter_vat_rate, known_vat_rates
from portal.billing.vat_returns import services_of, union_sales_of
from portal.billing.vat_territories import Territory, territories, territory_at
from portal.csv_file import csv_answer, euros
from portal.customers.countries import countries
from portal.customers.models import Customer
from portal.db import db
from portal.errors import Refused
from portal.forms import DayField, saving
from portal.resellers.models import TOP_FIRST, LegalEntity

bp = Blueprint("vat", __name__, url_prefix="/billing/vat")


class VatRateForm(FlaskForm):
    country = SelectField(_l("État"))
    valid_from = DayField(_l("À partir du"), [InputRequired(_l("Indiquez le premier jour."))])
    rate = PercentField(_l("Taux normal, en %"), [InputRequired(_l("Indiquez le taux."))])
    source = StringField(_l("Où il a été lu"), [InputRequired(_l("Indiquez la source.")), Length(max=300)])


@bp.app_template_global()
def vat_territory(customer: Customer) -> Territory | None:
    """The part of a member state outside the Union for VAT in which the customer's address lies today."""
    return territory_at(customer.country, customer.postcode, clock.today())


def _form() -> VatRateForm:
    form = VatRateForm()
    states = OTHER_EU_STATES | {"FR"}
    form.country.choices = [each for each in countries() if each.value in states]
    return form


class PeriodForm(FlaskForm):
    """Read from the address: it changes nothing."""

    entity = SelectField(_l("Émetteur"))
    day = DayField(_l("Un jour de la période"), [InputRequired(_l("Indiquez un jour."))])


def _period() -> tuple[PeriodForm, LegalEntity, date]:
    form = PeriodForm(request.args, meta={"csrf": False})
    entities = list(db.session.scalars(LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST)))
    if not entities:
        raise Refused(_("Aucune entité juridique ne facture encore."))
    form.entity.choices = [SelectChoice(each.uid, each.name) for each in entities]
    form.entity.data = form.entity.data or entities[0].uid
    form.day.data = form.day.data or (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    return form, get_or_404(LegalEntity.visible_to(g.actor), form.entity.data), form.day.data


def _page(form: VatRateForm, status: int = 200) -> Response:
    period, entity, day = _period()
    page = render_template(
        "billing/vat.html",
        form=form,
        period=period,
        entity=entity,
        day=day,
        services=services_of(entity, day),
        sales=union_sales_of(entity, day),
        rates=known_vat_rates(),
        territories=territories(),
        names={each.value: each.label for each in countries()},
        today=clock.today(),
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.BILLING_READ)
def show_vat() -> Response:
    return _page(_form())


@bp.post("")
@requires(Permission.PAYMENT_WRITE)
def create_vat_rate() -> Response:
    form = _form()
    if form.validate():
        with saving(form, "country"):
            enter_vat_rate(
                form.country.data, form.valid_from.data, form.rate.basis_points, form.source.data, by=g.actor
            )
    if form.errors:
        return _page(form, 422)
    return htmx.go(url_for(".show_vat"), toast=_("Taux enregistré."))


@bp.get("/services.csv")
@requires(Permission.BILLING_READ)
def download_services() -> Response:
    _period_form, entity, day = _period()
    head = [_("Numéro de TVA"), _("Client"), _("Montant HT")]
    rows = [(each.vat_number, each.name, euros(each.net_cents)) for each in services_of(entity, day)]
    return csv_answer(f"des-{day:%Y-%m}.csv", head, rows)


@bp.get("/union-sales.csv")
@requires(Permission.BILLING_READ)
def download_union_sales() -> Response:
    _period_form, entity, day = _period()
    head = [_("État"), _("Taux"), _("Montant HT"), _("TVA")]
    rows = [
        (sale.country, euros(sale.basis_points), euros(sale.net_cents), euros(sale.vat_cents))
        for sale in union_sales_of(entity, day)
    ]
    return csv_answer(f"oss-{day.year}-T{(day.month + 2) // 3}.csv", head, rows)
