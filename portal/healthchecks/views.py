"""One's own health check: its address typed, never shown again, and what it last answered."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import Permission, requires
from portal.db import db
from portal.forms import saving
from portal.healthchecks.models import check_of, drop_check, keep_check

bp = Blueprint("healthchecks", __name__, url_prefix="/health-check")


class AddressForm(FlaskForm):
    address = StringField(_l("Adresse"), [InputRequired(_l("Indiquez l'adresse.")), Length(max=500)])


def _page(form: AddressForm, status: int = 200) -> Response:
    page = render_template("healthchecks/show.html", form=form, check=check_of(g.actor.organisation))
    return make_response(page, status)


@bp.get("")
@requires(Permission.BACKUP_READ)
def show() -> Response:
    return _page(AddressForm(formdata=None))


@bp.post("")
@requires(Permission.BACKUP_CHOOSE)
def keep() -> Response:
    form = AddressForm()
    if form.validate():
        with saving(form, "address"):
            keep_check(g.actor.organisation, form.address.data, by=g.actor)
    if form.errors:
        return _page(form, 422)
    return htmx.go(url_for(".show"), toast=_("L'adresse est gardée, scellée : elle ne se montre plus."))


@bp.post("/removal")
@requires(Permission.BACKUP_CHOOSE)
def drop() -> Response:
    if (row := check_of(g.actor.organisation)) is not None:
        drop_check(row, g.actor.organisation, by=g.actor)
        db.session.commit()
    return htmx.go(url_for(".show"), toast=_("L'adresse n'est plus appelée."))
