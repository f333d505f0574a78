"""The page where the customer, and nobody else, types the passphrase of a vault."""

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField
from wtforms.validators import InputRequired

from portal import jobs
from portal.access import STAFF, Permission, get_or_404, public, requires
from portal.db import db
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import forget_passphrase, key_agent
from portal.engine.models import OpeningState, Person, VaultOpening, find_opening
from portal.engine.passphrase import Passphrase
from portal.errors import Refused
from portal.links import Purpose, open_link

bp = Blueprint("unlock", __name__)
REFRESH_SECONDS = "2"


class UnlockForm(FlaskForm):
    passphrase = PasswordField(
        _l("Phrase secrète du coffre"), [InputRequired(_l("Tapez la phrase secrète de ce coffre."))]
    )
    consent = BooleanField(
        _l("J'accepte que, pendant cette opération, le serveur du fournisseur détienne ma phrase en mémoire"),
        [InputRequired(_l("Sans votre accord, la phrase ne peut pas être utilisée."))],
    )


def _lend(opening: VaultOpening, typed: str, by: object) -> None:
    """Write the consent, hand the passphrase to the agent, ask the worker to try it; then commit."""
    opening.consent(by=by, address=request.remote_addr or "")
    try:
        key = Passphrase(typed)
    except EngineError:
        raise Refused(_("Cette phrase est trop longue ou tient sur plusieurs lignes.")) from None
    try:
        key_agent().put(opening.uid, key, opening.hours * 3600)
    except EngineError:
        raise Refused(
            _("Le service qui garde la phrase en mémoire ne fonctionne pas en ce moment. Rien n'a été "
              "enregistré : réessayez plus tard, ou prévenez votre interlocuteur.")
        ) from None  # fmt: skip
    finally:
        key.wipe()
    jobs.enqueue("vault.open", f"{opening.uid}:{opening.tries}", opening.vault.customer.organisation)
    try:
        db.session.commit()
    except BaseException:
        forget_passphrase(opening.uid)
        raise


def _answer(
    template: str, opening: VaultOpening, form: UnlockForm, action: str, status: int = 200
) -> Response:
    """The page in its present state; while the worker tries the passphrase it asks again by itself."""
    response = make_response(
        render_template(template, opening=opening, form=form, action=action, key_gone=EngineFault.KEY_GONE),
        status,
    )
    if opening.state == OpeningState.CHECKING:
        response.headers["Refresh"] = REFRESH_SECONDS
    return response


def _try(template: str, opening: VaultOpening, by: object, action: str) -> Response:
    form = UnlockForm()
    if not form.validate():
        return _answer(template, opening, form, action, 422)
    try:
        _lend(opening, form.passphrase.data, by)
    except Refused as refusal:
        db.session.rollback()
        form.passphrase.errors = [refusal.message]
        return _answer(template, opening, form, action, 422)
    return make_response(redirect(action, 303))


def _by_link(token: str) -> VaultOpening:
    link = open_link(Purpose.OPEN_VAULT, token)
    return find_opening(link.subject_uid) or abort(404)


def _is_staff() -> bool:
    return g.actor is not None and g.actor.role in STAFF


@bp.get("/unlock/<token>")
@public("the customer's link; the passphrase itself is the proof")
def show(token: str) -> Response:
    opening = _by_link(token)
    if _is_staff():
        return make_response(render_template("unlock/not_staff.html"), 403)
    return _answer("unlock/page.html", opening, UnlockForm(), url_for(".show", token=token))


@bp.post("/unlock/<token>")
@public("the customer's link; the passphrase itself is the proof")
def unlock(token: str) -> Response:
    opening = _by_link(token)
    if _is_staff():
        return make_response(render_template("unlock/not_staff.html"), 403)
    return _try("unlock/page.html", opening, Person(opening.recipient), url_for(".show", token=token))


@bp.get("/vault-openings/<uid>")
@requires(Permission.VAULT_UNLOCK)
def show_own(uid: str) -> Response:
    opening = get_or_404(VaultOpening.visible_to(g.actor), uid)
    return _answer("unlock/own.html", opening, UnlockForm(), url_for(".show_own", uid=uid))


@bp.post("/vault-openings/<uid>")
@requires(Permission.VAULT_UNLOCK)
def unlock_own(uid: str) -> Response:
    opening = get_or_404(VaultOpening.visible_to(g.actor), uid)
    return _try("unlock/own.html", opening, g.actor, url_for(".show_own", uid=uid))
