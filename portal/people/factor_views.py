"""One's own second factors: passkeys, applications of one-time codes, recovery codes."""

from typing import Any

import segno
from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, requires
from portal.accounts import factors, passkeys
from portal.accounts.confirming import confirm_first
from portal.accounts.letters import tell_factor
from portal.accounts.models import end_sign_ins
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import record
from portal.people.forms import NewAppForm, NewPasskeyForm

bp = Blueprint("factors", __name__, url_prefix="/account/second-factor")


@bp.get("")
@requires(Permission.HOME_READ)
def show() -> Response:
    page = render_template(
        "people/factors.html",
        factors=factors.factors_of(g.actor),
        left=factors.recovery_codes_left(g.actor),
        kept=factors.are_kept(g.actor),
        must=factors.must_have_factor(g.actor),
        can_be_used=passkeys.can_be_used(),
    )
    return make_response(page)


@bp.post("/passkeys/new")
@requires(Permission.ACCOUNT_WRITE)
def new_passkey() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    if not passkeys.can_be_used():
        raise Refused(_("Une clé d'accès appartient à un nom : l'adresse du portail est un numéro."))
    return _passkey_page(NewPasskeyForm(formdata=None, name=_("Mon appareil")))


def _passkey_page(form: NewPasskeyForm, status: int = 200) -> Response:
    options = passkeys.creation_options(g.actor, passkeys.new_challenge(g.sign_in))
    return make_response(render_template("people/factor_passkey.html", form=form, options=options), status)


@bp.post("/passkeys")
@requires(Permission.ACCOUNT_WRITE)
def add_passkey() -> Response:
    form = NewPasskeyForm()
    if form.validate():
        with saving(form, WHOLE):
            _may_add()
            row = passkeys.add_passkey(g.actor, form.passkey.data or "", g.sign_in, form.name.data.strip())
            _added(row, "passkey")
    return _passkey_page(form, 422) if form.errors else _after_adding()


@bp.post("/app/new")
@requires(Permission.ACCOUNT_WRITE)
def new_app() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    factors.begin_totp(g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_app"))


@bp.get("/app")
@requires(Permission.ACCOUNT_WRITE)
def show_app() -> Response:
    return _app_page(NewAppForm(formdata=None, name=_("Mon téléphone")))


def _app_page(form: NewAppForm, status: int = 200) -> Response:
    row = factors.begun_totp(g.actor)
    if row is None or not g.sign_in.is_confirmed():  # the secret is shown to who has just proved herself
        return htmx.go(url_for(".show"))
    picture = segno.make(row.uri(g.actor), error="m").svg_data_uri(scale=5, border=3, light="#fff")
    page = render_template("people/factor_app.html", form=form, picture=picture, secret=_grouped(row.secret))
    return make_response(page, status)


def _grouped(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


@bp.post("/app")
@requires(Permission.ACCOUNT_WRITE)
def add_app() -> Response:
    form = NewAppForm()
    if form.validate():
        with saving(form, "code"):
            row = factors.begun_totp(g.actor) or abort(404)
            _may_add()
            factors.prove_totp(row, form.code.data, form.name.data.strip())
            _added(row, "totp")
    return _app_page(form, 422) if form.errors else _after_adding()


def _may_add() -> None:
    """Raises Refused when the password was shown too long ago."""
    if not g.sign_in.is_confirmed():
        raise Refused(_("Cela a duré plus de cinq minutes : recommencez."))


def _added(row: Any, how: str) -> None:
    """From here on no session goes without it: those that did end, but for this one."""
    if g.sign_in.factor_at is None:
        end_sign_ins(g.actor, but=g.sign_in)
    g.sign_in.confirm(how)
    record(g.actor, "add_factor", by=g.actor, kind=row.kind, name=row.name)
    tell_factor(g.actor, "added", name=row.name)


def _after_adding() -> Response:
    """With the first factor come the recovery codes."""
    if factors.recovery_codes_left(g.actor):
        return htmx.go(url_for(".show"), toast=_("Il servira à votre prochaine connexion."))
    return _codes_page()


@bp.post("/codes")
@requires(Permission.ACCOUNT_WRITE)
def make_codes() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    if not factors.has_factor(g.actor):
        raise Refused(_("Les codes de secours accompagnent un second facteur : ajoutez-en un d'abord."))
    tell_factor(g.actor, "codes")
    return _codes_page()


def _codes_page() -> Response:
    """Shown once: only their hashes are kept."""
    codes = factors.new_recovery_codes(g.actor)
    record(g.actor, "make_codes", by=g.actor)
    db.session.commit()
    return make_response(render_template("people/factor_codes.html", codes=codes))


@bp.post("/codes/text")
@requires(Permission.ACCOUNT_WRITE)
def download_codes() -> Response:
    """What the page just showed, as a file: it sends the codes back, since nobody else has them."""
    codes = factors.codes_of_hers(g.actor, request.form.getlist("code")[: factors.RECOVERY_CODES])
    if not codes:
        raise Refused(_("Ces codes ne sont plus les vôtres : faites-en de nouveaux."))
    response = make_response("\r\n".join([_("Codes de secours"), g.actor.email, "", *codes, ""]))
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = 'attachment; filename="portail-codes.txt"'
    return response


@bp.post("/codes/kept")
@requires(Permission.ACCOUNT_WRITE)
def keep_codes() -> Response:
    hers = factors.RecoveryCode.person_id == g.actor.person_id
    db.session.execute(db.update(factors.RecoveryCode).where(hers).values(kept_at=clock.now()))
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("C'est noté : vos codes de secours sont à l'abri."))


def _own(uid: str) -> Any:
    return next((each for each in factors.factors_of(g.actor) if each.uid == uid), None) or abort(404)


@bp.post("/<uid>/name")
@requires(Permission.ACCOUNT_WRITE)
def rename(uid: str) -> Response:
    row, name = _own(uid), " ".join(request.form.get("name", "").split())
    if not 0 < len(name) <= 60:
        raise Refused(_("Un nom a entre 1 et 60 caractères."))
    row.name = name
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("C'est enregistré."))


@bp.post("/<uid>/removal")
@requires(Permission.ACCOUNT_WRITE)
def remove(uid: str) -> Response:
    row = _own(uid)
    if asking := confirm_first(url_for(".show")):
        return asking
    factors.drop_factor(g.actor, row)
    record(g.actor, "remove_factor", by=g.actor, kind=row.kind, name=row.name)
    tell_factor(g.actor, "removed", name=row.name)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("« %(name)s » ne sert plus à se connecter.", name=row.name))
