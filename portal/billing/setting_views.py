"""What an issuer has chosen where law and contract leave the choice: VAT, days by which to pay."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import InputRequired, NumberRange, Optional

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.billing.elsewhere import enter_sales_elsewhere, sales_elsewhere
from portal.billing.settings import CHOICES, change_choices
from portal.euro_field import EuroField
from portal.forms import DayField, WholeNumberField, saving
from portal.journal import timeline
from portal.resellers.models import LegalEntity

bp = Blueprint("billing_settings", __name__, url_prefix="/billing/settings")


class ChoicesForm(FlaskForm):
    oss_since = DayField(_l("TVA de l'État du consommateur, dès le premier euro, à partir du"), [Optional()])
    due_follows_debit = BooleanField(_l("L'échéance imprimée suit le jour du prélèvement"))

    wire_tolerance_cents = EuroField(
        _l("Écart accepté sur un virement (euros)"),
        [InputRequired(_l("Indiquez un montant, 0 pour aucun."))],
        high=10_000,
    )

    interim_percent = WholeNumberField(
        _l("Usage inhabituel au-delà de (en pour cent du mois habituel)"),
        [InputRequired(_l("Indiquez un pourcentage, 0 pour jamais.")), NumberRange(0, 10_000)],
    )

    key_grace_days = WholeNumberField(
        _l("Délai de grâce des clés impayées (en jours)"),
        [InputRequired(_l("Indiquez un nombre de jours, 0 pour aucun.")), NumberRange(0, 90)],
    )

    quote_days = WholeNumberField(
        _l("Validité d'un nouveau devis (en jours)"),
        [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 365)],
    )

    def values(self) -> dict[str, Any]:
        return {name: self[name].data for name in CHOICES}


class ElsewhereForm(FlaskForm):
    year = WholeNumberField(_l("Année civile"), [InputRequired(_l("Indiquez une année."))])
    net_cents = EuroField(
        _l("Ventes faites ailleurs, hors TVA (euros)"),
        [InputRequired(_l("Indiquez un montant, 0 pour aucune."))],
        high=10**12,
    )


@bp.get("/<uid>")
@requires(Permission.BILLING_READ)
def show_choices(uid: str) -> Response:
    entity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return _page(entity, ChoicesForm(formdata=None, obj=entity))


@bp.post("/<uid>")
@requires(Permission.PAYMENT_WRITE)
def change(uid: str) -> Response:
    entity, form = get_or_404(LegalEntity.visible_to(g.actor), uid), ChoicesForm()
    if asking := confirm_first(url_for(".show_choices", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "oss_since"):
            changed = change_choices(entity, form.values(), by=g.actor)
    if form.errors:
        return _page(get_or_404(LegalEntity.visible_to(g.actor), uid), form, 422)
    toast = _("Les réglages sont changés.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".show_choices", uid=uid), toast=toast)


@bp.post("/<uid>/sales-elsewhere")
@requires(Permission.PAYMENT_WRITE)
def enter_elsewhere(uid: str) -> Response:
    entity, form = get_or_404(LegalEntity.visible_to(g.actor), uid), ElsewhereForm()
    if asking := confirm_first(url_for(".show_choices", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "year"):
            changed = enter_sales_elsewhere(entity, form.year.data or 0, form.net_cents.data or 0, by=g.actor)
    if form.errors:
        entity = get_or_404(LegalEntity.visible_to(g.actor), uid)
        return _page(entity, ChoicesForm(formdata=None, obj=entity), 422, elsewhere=form)
    toast = _("Le montant compte pour le seuil.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".show_choices", uid=uid), toast=toast)


def _page(
    entity: LegalEntity, form: ChoicesForm, status: int = 200, elsewhere: ElsewhereForm | None = None
) -> Response:
    page = render_template(
        "billing/settings.html",
        entity=entity,
        form=form,
        elsewhere=elsewhere or ElsewhereForm(formdata=None, year=clock.today().year),
        years=sales_elsewhere(entity),
        events=timeline(entity),
    )
    return make_response(page, status)
