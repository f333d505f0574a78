"""The page that asks who is there, for acts that carry no form of their own."""

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, requires
from portal.accounts.confirming import question_page
from portal.accounts.entering import safe_next
from portal.accounts.forms import PasswordForm
from portal.accounts.proving import address, prove
from portal.accounts.views import bp
from portal.db import EVERYTHING, db, scope
from portal.journal import record


@bp.get("/password")
@requires(Permission.HOME_READ)
def ask_password() -> Response:
    """Before what moves money: the same person, still there."""
    form = PasswordForm(formdata=None, next=request.args.get("next"))
    return question_page(form, 200, action=url_for(".confirm_password"))


@bp.post("/password")
@requires(Permission.HOME_READ)
def confirm_password() -> Response:
    form = PasswordForm()
    if not form.validate():
        return question_page(form, 422, action=url_for(".confirm_password"))
    proof = prove(g.actor, form, g.sign_in)
    if isinstance(proof, int):
        return question_page(form, proof, action=url_for(".confirm_password"))
    with scope(EVERYTHING):
        g.sign_in.confirm(proof.how)
        record(g.actor, "confirm_password", by=g.actor, address=address(), how=proof.how)
        db.session.commit()
    return htmx.go(safe_next(form.next.data), toast=_("C'est bien vous : cela vaut cinq minutes."))
