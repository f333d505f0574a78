"""The way to a directory and back."""

import hmac
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from portal import clock
from portal.access import Permission, public, requires
from portal.accounts.by_directory import by_directory, confirms_by_directory
from portal.accounts.elsewhere import elsewhere
from portal.accounts.entering import enter, half_open, safe_next
from portal.accounts.factors import has_factor
from portal.accounts.floods import count_within
from portal.accounts.models import User
from portal.accounts.proving import Proof, address
from portal.crypto.secrets import new_token
from portal.db import EVERYTHING, commits, db, scope
from portal.errors import Refused
from portal.i18n import said
from portal.journal import record
from portal.mail.homes import home_for
from portal.single_sign_on import protocol
from portal.single_sign_on.acts import who_is, works_elsewhere
from portal.single_sign_on.forms import AskForm
from portal.single_sign_on.models import Directory, directories_for, identity_for, open_directory_of

bp = Blueprint("single_sign_on", __name__, url_prefix="/directory")
_KEPT = "directory"  # in the form's cookie, while somebody is away
_SECONDS = 600  # that she may be away


@by_directory()
def only_way(user: User) -> str | None:
    """Where a password opens nothing."""
    row = open_directory_of(user)
    is_only = row is not None and row.is_only and not works_elsewhere(user)
    return url_for("single_sign_on.leave", uid=row.uid) if row is not None and is_only else None


@confirms_by_directory()
def way_to_confirm(user: User) -> str | None:
    row = open_directory_of(user)
    is_known = row is not None and identity_for(user) is not None
    return url_for("single_sign_on.leave_to_confirm") if is_known else None


@bp.get("")
@public("people sign in here")
def ask() -> Response:
    form = AskForm(formdata=None, next=request.args.get("next"))
    return make_response(render_template("single_sign_on/ask.html", form=form))


@bp.post("")
@public("people sign in here")
def choose() -> Response:
    """The directories of houses with such an address; a link leads on: no form may leave the portal."""
    form, found, status = AskForm(), [], 422
    if form.validate():
        if wait := count_within(f"directory:{address()}", most=20, seconds=300):
            form.form_errors.append(_("Trop d'essais. Réessayez dans %(seconds)d secondes.", seconds=wait))
            status = 429
        else:
            with scope(EVERYTHING):
                found = directories_for(form.email.data)
            if not found:
                form.email.errors = [
                    _("Aucun annuaire n'est relié pour cette adresse : utilisez votre mot de passe.")
                ]
    page = render_template(
        "single_sign_on/ask.html", form=form, found=found, target=safe_next(form.next.data)
    )
    return make_response(page, 200 if found else status)


def _open_directory(uid: str) -> Directory:
    query = db.select(Directory).where(Directory.uid == uid, Directory.is_on)
    found: Directory | None = db.session.scalars(query).one_or_none()
    return found or abort(404)


def _away(row: Directory, target: str, why: str) -> Response:
    attempt = protocol.Attempt(new_token(), new_token(), new_token())
    kept = (row.uid, attempt.state, attempt.nonce, attempt.verifier, target, why, clock.now().timestamp())
    session[_KEPT] = list(kept)
    there = protocol.way_there(row, attempt, _back(row), again=why == "confirm")
    return make_response(redirect(there, 303))


def _back(row: Directory) -> str:
    """The address that the directory knows, of the host where people of the house sign in."""
    return f"{home_for(row)}{url_for('single_sign_on.come_back')}"


@bp.get("/<uid>")
@public("people sign in here")
def leave(uid: str) -> Response:
    """To the directory of a house."""
    with scope(EVERYTHING):
        return _away(_open_directory(uid), safe_next(request.args.get("next")), "enter")


@bp.get("/confirm")
@requires(Permission.HOME_READ)
def leave_to_confirm() -> Response:
    """She shows there again that it is she, before what moves money."""
    row, target = open_directory_of(g.actor), safe_next(request.args.get("next"))
    if row is None:  # she has a password to show
        return make_response(redirect(url_for("accounts.ask_password", next=target), 303))
    return _away(row, target, "confirm")


@bp.get("/back")
@public("people come back from their directory")
@commits
def come_back() -> Response:
    with scope(EVERYTHING):
        try:
            return _welcome(session.pop(_KEPT, None) or [])
        except Refused as refusal:
            db.session.rollback()
            return _not_in(said(refusal))


def _welcome(kept: list[Any]) -> Response:
    """Raises Refused for who was not sent from here, was away too long, or is not to come in."""
    if len(kept) != 7 or not hmac.compare_digest(str(kept[1]), request.args.get("state", "")):
        raise Refused(_("Cette réponse ne correspond à aucune demande : recommencez."))
    if clock.now().timestamp() - float(kept[6]) > _SECONDS:
        raise Refused(_("La demande a plus de dix minutes : recommencez."))
    row, attempt = _open_directory(str(kept[0])), protocol.Attempt(*map(str, kept[1:4]))
    if "code" not in request.args:
        raise Refused(_("L'annuaire ne vous a pas laissé entrer."))
    confirms = kept[5] == "confirm"
    claims = protocol.redeem(row, attempt, request.args["code"], _back(row), again=confirms)
    user = who_is(row, claims)
    return _confirmed(user, str(kept[4])) if confirms else _entered(row, user, claims, str(kept[4]))


def _entered(row: Directory, user: User, claims: dict[str, Any], target: str) -> Response:
    for there in elsewhere.shown(user):
        raise Refused(_("Votre espace est à une autre adresse : connectez-vous sur %(url)s.", url=there))
    if protocol.is_strong(claims):
        return enter(user, target, Proof("directory"))
    if has_factor(user):
        return half_open(user, target)
    if row.wants_factor:
        raise Refused(
            _("Votre maison exige un second facteur : demandez à votre annuaire de l'exiger aussi.")
        )
    return enter(user, target, Proof("password"))


def _confirmed(user: User, target: str) -> Response:
    if g.actor is None or g.sign_in.user_id != user.id:
        raise Refused(_("Ce compte de l'annuaire n'est pas celui qui est connecté ici."))
    g.sign_in.confirm("directory")
    record(user, "confirm_password", by=user, address=address(), how="directory")
    db.session.commit()
    return make_response(render_template("single_sign_on/confirmed.html", target=target))


def _not_in(why: str) -> Response:
    return make_response(render_template("single_sign_on/refused.html", why=why), 422)
