"""Finance enters the central bank's rate of each half-year."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal import htmx
from portal.access import Permission, requires
from portal.billing.rates import enter_rate, known_rates, missing_semester
from portal.forms import saving

bp = Blueprint("rates", __name__, url_prefix="/billing/rates")


class PercentField(StringField):
    """A percent as people write it; ``basis_points`` are its hundredths."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped:
            self.basis_points = _basis_points(self.data or "")


def _basis_points(typed: str) -> int:
    try:
        points = Decimal(typed.strip().replace(",", ".").rstrip("% ")) * 100
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or points != points.to_integral_value() or abs(points) > 10_000:
        raise ValidationError(_("Taux illisible : écrivez par exemple « 2,15 »."))
    return int(points)


class RateForm(FlaskForm):
    semester = StringField(_l("Semestre"), [InputRequired(_l("Indiquez le semestre.")), Length(max=7)])
    rate = PercentField(_l("Taux, en %"), [InputRequired(_l("Indiquez le taux.")), Length(max=8)])
    source = StringField(_l("Où il a été lu"), [InputRequired(_l("Indiquez la source.")), Length(max=300)])


def _page(form: RateForm, status: int = 200) -> Response:
    rates = sorted(known_rates().values(), key=lambda rate: rate.semester, reverse=True)
    page = render_template("billing/rates.html", form=form, rates=rates, missing=missing_semester())
    return make_response(page, status)


@bp.get("")
@requires(Permission.BILLING_READ)
def list_rates() -> Response:
    return _page(RateForm(formdata=None, semester=missing_semester() or ""))


@bp.post("")
@requires(Permission.PAYMENT_WRITE)
def create_rate() -> Response:
    form = RateForm()
    if form.validate():
        with saving(form, "semester"):
            enter_rate(form.semester.data.strip(), form.rate.basis_points, form.source.data, by=g.actor)
    if form.errors:
        return _page(form, 422)
    return htmx.go(url_for(".list_rates"), toast=_("Taux enregistré."))
