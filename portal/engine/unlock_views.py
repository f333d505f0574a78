"""The page where the customer, and nobody else, types the passphrase of a vault."""

import base64

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired, Length

from portal import jobs
from portal.access import STAFF, Permission, get_or_404, public, requires
from portal.accounts.confirming import confirm_first
from portal.actor import Actor
from portal.db import db
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import forget_passphrase, key_agent
from portal.engine.models import OpeningState, Person, VaultOpening, find_opening
from portal.engine.passphrase import MAX_BYTES
from portal.errors import Refused
from portal.forms import refusals_in
from portal.links import Purpose, open_link
from portal.wording import N_

bp = Blueprint("unlock", __name__)
REFRESH_SECONDS = "2"
POINT_SECONDS = 12 * 3600  # a page that stayed open longer has to be loaded again


class UnlockForm(FlaskForm):
    """``sealed`` is what the browser made of the passphrase; the passphrase itself is in no form."""

    sealed = HiddenField(
        _l("Phrase secrète du coffre"),
        [InputRequired(_l("Tapez la phrase secrète de ce coffre.")), Length(max=2 * MAX_BYTES)],
    )
    consent = BooleanField(
        _l("J'accepte que, pendant cette opération, le serveur du fournisseur détienne ma phrase en mémoire"),
        [InputRequired(_l("Sans votre accord, la phrase ne peut pas être utilisée."))],
    )


_NO_AGENT = N_(
    "Le service qui garde la phrase en mémoire ne fonctionne pas en ce moment. Rien n'a été "
    "enregistré : réessayez plus tard, ou prévenez votre interlocuteur."
)
_UNREADABLE = N_(
    "Cette page est restée ouverte trop longtemps, ou la phrase est vide, trop longue ou sur "
    "plusieurs lignes. Rien n'a été enregistré : retapez-la."
)


def _decoded(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _lend(opening: VaultOpening, sealed: str, by: Actor) -> None:
    """Write the consent, hand the sealed passphrase to the agent, ask the worker to try it; then commit."""
    opening.consent(by=by, address=request.remote_addr or "")
    try:
        key_agent().put_sealed(opening.uid, _decoded(sealed), opening.hours * 3600)
    except EngineError as error:
        raise Refused(_UNREADABLE if error.fault == EngineFault.WRONG_KEY else _NO_AGENT) from None
    jobs.enqueue("vault.open", f"{opening.uid}:{opening.tries}", opening.vault.customer.organisation)
    try:
        db.session.commit()
    except BaseException:
        forget_passphrase(opening.uid)
        raise


def _point(opening: VaultOpening) -> str:
    """The key for which the browser seals the passphrase; empty while no agent answers."""
    try:
        return base64.urlsafe_b64encode(key_agent().point(opening.uid, POINT_SECONDS)).decode()
    except EngineError:
        return ""


def _answer(
    template: str, opening: VaultOpening, form: UnlockForm, action: str, status: int = 200
) -> Response:
    """The page in its present state; while the worker tries the passphrase it asks again by itself."""
    response = make_response(
        render_template(
            template,
            opening=opening,
            form=form,
            action=action,
            key_gone=EngineFault.KEY_GONE,
            point=_point(opening) if opening.state == OpeningState.ASKED else "",
        ),
        status,
    )
    if opening.state == OpeningState.CHECKING:
        response.headers["Refresh"] = REFRESH_SECONDS
    return response


def _try(template: str, opening: VaultOpening, by: Actor, action: str) -> Response:
    form = UnlockForm()
    if form.validate():
        with refusals_in(form, "sealed"):
            _lend(opening, form.sealed.data, by)
    if form.errors:
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
    if asking := confirm_first(url_for(".show_own", uid=uid)):
        return asking
    return _try("unlock/own.html", opening, g.actor, url_for(".show_own", uid=uid))
