"""The design language on a page of its own, for who adds a screen; in the demonstration only."""

from flask import Response, abort, current_app, make_response, render_template
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectChoice, SelectField, StringField

from portal.access import Permission, requires
from portal.home.views import bp

COLOURS = (
    "canvas",
    "surface",
    "sunken",
    "ink",
    "ink-soft",
    "line",
    "line-strong",
    "accent",
    "good",
    "wait",
    "bad",
)
STATES = ("draft", "awaiting_payment", "active", "notice_given", "overdue", "ended")


class _Sample(FlaskForm):
    """Fields as they look; nothing is sent."""

    class Meta:
        csrf = False

    name = StringField()
    plan = SelectField(choices=[SelectChoice("monthly", "mensuel"), SelectChoice("annual", "annuel")])
    day = DateField()
    agreed = BooleanField()


@bp.get("/styleguide")
@requires(Permission.HOME_READ)
def styleguide() -> Response:
    if not current_app.config["DEMO"]:
        abort(404)
    form = _Sample(formdata=None)
    form.name.label.text, form.plan.label.text = _("Raison sociale ou nom"), _("Formule")
    form.day.label.text, form.agreed.label.text = _("Date"), _("Le client a lu et accepté ces conditions")
    form.name.errors = [_("Ce champ est obligatoire.")]
    page = render_template("home/styleguide.html", form=form, colours=COLOURS, states=STATES)
    return make_response(page)
