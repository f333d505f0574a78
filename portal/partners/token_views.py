"""One's own tokens, a colleague's, and whether a reseller's people may have any."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import User
from portal.db import db
from portal.forms import WHOLE, saving
from portal.paging import page_of
from portal.panels import Panel
from portal.partners.forms import TokenForm
from portal.partners.scopes import BY_NAME, scopes_of
from portal.partners.tokens import (
    PartnerToken,
    check_allowed,
    decide_policy,
    make_token,
    may_have,
    policy_of,
    tokens_of,
)
from portal.people.panels import person_panel
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller

bp = Blueprint("partner_tokens", __name__)


def _form(empty: bool = False) -> TokenForm:
    form = TokenForm(formdata=None) if empty else TokenForm()
    form.scopes.choices = [SelectChoice(each.name, each.words) for each in scopes_of(g.actor)]
    return form


def _page(form: TokenForm, status: int = 200, secret: str = "") -> Response:
    page = render_template(
        "partners/tokens.html",
        form=form,
        secret=secret,
        tokens=page_of(tokens_of(g.actor), PartnerToken.id.desc(), name="tokens"),
        is_allowed=may_have(g.actor),
    )
    return make_response(page, status)


@bp.app_template_filter()
def scope_words(name: str) -> str:
    """What a scope lets a token do."""
    return str(BY_NAME[name].words) if name in BY_NAME else name


@bp.get("/account/tokens")
@requires(Permission.TOKEN_READ)
def show() -> Response:
    return _page(_form(empty=True))


@bp.post("/account/tokens")
@requires(Permission.TOKEN_WRITE)
def create() -> Response:
    """The secret stands on the answer alone: whoever comes back to the page does not find it."""
    check_allowed(g.actor)
    if asking := confirm_first(url_for(".show")):
        return asking
    form, secret = _form(), ""
    if form.validate():
        with saving(form, WHOLE):
            _row, secret = make_token(g.actor, form.name.data, form.scopes.data, form.days.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(form, 422)
    return _page(_form(empty=True), 201, secret)


@bp.post("/account/tokens/<uid>/withdrawal")
@requires(Permission.TOKEN_WRITE)
def withdraw(uid: str) -> Response:
    own = PartnerToken.visible_to(g.actor).where(PartnerToken.user_id == g.actor.id)
    get_or_404(own, uid).withdraw(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("Ce jeton n'ouvre plus rien."))


@bp.post("/people/tokens/<uid>/withdrawal")
@requires(Permission.PEOPLE_WRITE)
def withdraw_hers(uid: str) -> Response:
    """A colleague's, or that of somebody of a house below."""
    row = get_or_404(PartnerToken.visible_to(g.actor), uid)
    row.withdraw(by=g.actor)
    db.session.commit()
    return htmx.go(url_for("people.show_person", uid=row.user.uid), toast=_("Ce jeton n'ouvre plus rien."))


@bp.post("/resellers/<uid>/tokens")
@requires(Permission.RESELLER_STATE)
def decide(uid: str) -> Response:
    reseller = get_or_404(Reseller.visible_to(g.actor), uid)
    allows = request.form.get("allows") == "y"
    decide_policy(reseller, allows=allows, by=g.actor)
    db.session.commit()
    said = (
        _("Ses collaborateurs peuvent avoir des jetons.") if allows else _("Ses jetons n'ouvrent plus rien.")
    )
    return htmx.go(url_for("resellers.show_reseller", uid=uid), toast=said)


@person_panel(rank=40)
def tokens_panel(person: User) -> Panel | None:
    rows = page_of(tokens_of(person), PartnerToken.id.desc(), name="tokens")
    return Panel("partners/_person.html", {"tokens": rows}) if rows else None


@reseller_panel(rank=80)
def policy_panel(reseller: Reseller) -> Panel | None:
    if not may(Permission.RESELLER_STATE):
        return None
    context = {"reseller": reseller, "is_allowed": policy_of(reseller.organisation)}
    return Panel("partners/_policy.html", context)
