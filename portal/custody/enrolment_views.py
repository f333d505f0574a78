"""Enrolment: a recovery secret made in the customer's browser, printed, and never sent."""

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.custody.register import note_custody
from portal.custody.register_views import bp
from portal.db import db
from portal.engine.models import Custody, Vault


class EnrolmentForm(FlaskForm):
    """Nothing of the secret is in it."""

    holder = StringField(
        _l("Qui détient le code et la feuille ?"), [InputRequired(_l("Indiquez un nom.")), Length(max=140)]
    )
    printed = BooleanField(
        _l("J'ai imprimé la feuille, mis la phrase en service et vérifié qu'elle ouvre le coffre"),
        [InputRequired(_l("Cochez la case une fois que c'est fait."))],
    )


@bp.get("/<uid>/enrolment")
@requires(Permission.VAULT_UNLOCK)
def enrol(uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    return _page(vault, EnrolmentForm(formdata=None, holder=g.actor.name))


@bp.post("/<uid>/enrolment")
@requires(Permission.VAULT_UNLOCK)
def confirm_enrolment(uid: str) -> Response:
    vault, form = get_or_404(Vault.visible_to(g.actor), uid), EnrolmentForm()
    if not form.validate():
        return _page(vault, form, 422)
    note_custody(
        vault,
        Custody.RECOVERY_SHEET,
        holder=form.holder.data.strip(),
        email=g.actor.email,
        since_on=clock.today(),
        by=g.actor,
    )
    db.session.commit()
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=_("La feuille de secours est notée."))


def _page(vault: Vault, form: EnrolmentForm, status: int = 200) -> Response:
    page = render_template("custody/enrolment.html", vault=vault, form=form, today=clock.today())
    return make_response(page, status)
