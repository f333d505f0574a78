"""The brand of a reseller: its page, and the two addresses from which browsers take logo and colours."""

from typing import cast

from flask import Blueprint, Flask, Response, abort, g, make_response, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import Email, Length, Optional

from portal import htmx
from portal.access import Permission, get_or_404, public, requires
from portal.blobs import content_of
from portal.db import EVERYTHING, db, scope
from portal.forms import WHOLE, saving
from portal.mail import Mailable
from portal.resellers.brand import Brand, Face, Support, face_for, set_face, support_for
from portal.resellers.colour import shades
from portal.resellers.hosts import TrustedHosts, home_of, may_set_host, path_here, set_host
from portal.resellers.reseller import Reseller
from portal.resellers.sender import Sender, is_offered

pages = Blueprint("brand_pages", __name__, url_prefix="/resellers")
bp = Blueprint("brands", __name__, url_prefix="/brands")
_NO_ADDRESS = _l("Cette adresse e-mail n'est pas valable.")
_FOR_GOOD = "public, max-age=31536000, immutable"  # the address changes with what it gives


class BrandForm(FlaskForm):
    name = StringField(_l("Nom affiché"), [Optional(), Length(max=70)])
    accent = StringField(_l("Couleur"), [Optional(), Length(max=7)], render_kw={"spellcheck": "false"})
    host = StringField(_l("Nom d'hôte"), [Optional(), Length(max=120)], render_kw={"spellcheck": "false"})
    logo = FileField(_l("Logo"), render_kw={"accept": "image/svg+xml,image/png"})
    without_logo = BooleanField(_l("Sans logo"))


class SenderForm(FlaskForm):
    address = EmailField(
        _l("Adresse d'expéditeur"),
        [Optional(), Email(_NO_ADDRESS), Mailable(_NO_ADDRESS), Length(max=254)],
        render_kw={"spellcheck": "false"},
    )


def _reseller(uid: str) -> Reseller:
    found: Reseller = get_or_404(Reseller.visible_to(g.actor), uid)
    return found


@pages.get("/<uid>/brand")
@requires(Permission.BRAND_WRITE)
def edit(uid: str) -> Response:
    return brand_page(_reseller(uid))


def brand_page(
    reseller: Reseller,
    form: BrandForm | None = None,
    sender_form: SenderForm | None = None,
    status: int = 200,
) -> Response:
    """form, sender_form: what was refused, shown again; else what is kept."""
    shown, own = face_for(reseller.org_path), Brand.of(reseller.organisation)
    sender = Sender.of(reseller.organisation)
    page = render_template(
        "resellers/brand.html",
        reseller=reseller,
        form=form or (BrandForm(formdata=None, obj=own) if own else BrandForm(formdata=None)),
        sender=sender,
        sender_form=sender_form or SenderForm(formdata=None, address=sender.address if sender else ""),
        sender_is_offered=is_offered(),
        shown=shown,
        home=home_of(reseller.org_path),
        sets_host=may_set_host(g.actor),
        shades=shades(shown.accent) if shown.accent else {},
    )
    return make_response(page, status)


@pages.post("/<uid>/brand")
@requires(Permission.BRAND_WRITE)
def change(uid: str) -> Response:
    reseller, form = _reseller(uid), BrandForm()
    if form.validate():
        with saving(form, WHOLE):
            changed = set_face(
                reseller.organisation,
                name=" ".join((form.name.data or "").split()),
                accent=form.accent.data or "",
                logo=form.logo.data.read() if form.logo.data else b"",
                without_logo=form.without_logo.data,
                by=g.actor,
            )
            if may_set_host(g.actor):
                changed = set_host(reseller.organisation, form.host.data or "", by=g.actor) or changed
    if form.errors or form.form_errors:
        return brand_page(_reseller(uid), form, status=422)
    toast = _("La marque est enregistrée.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".edit", uid=uid), toast=toast)


def _brand(uid: str) -> Brand:
    found = db.session.scalars(select(Brand).where(Brand.uid == uid).limit(1)).one_or_none()
    if found is None:
        abort(404)
    return found


@bp.get("/<uid>/logo")
@public("whoever sees a page sees whose it is")
def logo(uid: str) -> Response:
    with scope(EVERYTHING):
        brand = _brand(uid)
        if brand.logo is None:
            abort(404)
        answer = Response(content_of(brand.logo), mimetype=brand.logo.media_type)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"  # opened alone
    answer.headers["Cache-Control"] = _FOR_GOOD
    return answer


@bp.get("/<uid>/colours.css")
@public("whoever sees a page sees whose it is")
def colours(uid: str) -> Response:
    with scope(EVERYTHING):
        accent = _brand(uid).accent
    if not accent:
        abort(404)
    lines = (f"--{name}: light-dark({light}, {dark});" for name, (light, dark) in shades(accent).items())
    rule = f":root {{ {' '.join(lines)} }}"  # who asks for more contrast keeps the portal's own
    answer = Response(f"@layer tokens {{ @media not (prefers-contrast: more) {{ {rule} }} }}\n")
    answer.mimetype = "text/css"
    answer.headers["Cache-Control"] = _FOR_GOOD
    return answer


@bp.app_template_global()
def face() -> Face:
    """Of the house that sent the open link, else of the space in which somebody acts; before that, of the
    brand whose host is asked.
    """
    path = _path_shown()
    if not path:
        return Face()
    if g.get("face_of") != path:
        g.face, g.face_of = face_for(path), path
    shown: Face = g.face
    return shown


@bp.app_template_global()
def support_here() -> Support:
    """Whom the reader of a page without an account may ask; empty where nobody says so."""
    path = _path_shown()
    return support_for(path) if path else Support()


def _path_shown() -> str:
    actor = g.get("actor")
    return str(g.get("linked_path") or (actor.org_path if actor is not None else path_here()))


@bp.record_once
def trust_the_brands(state: BlueprintSetupState) -> None:
    """A host that a brand was given is one of the portal's own; any other is refused as before."""
    app = cast(Flask, state.app)
    app.config["TRUSTED_HOSTS"] = TrustedHosts(app, app.config["TRUSTED_HOSTS"])


@bp.before_app_request
def forget_face() -> None:
    """One application context may serve several requests in a row."""
    for name in ("face", "face_of", "linked_path"):
        g.pop(name, None)
