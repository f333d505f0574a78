"""Making, taking and revoking an access with which the customer restores on her own machine."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectField
from wtforms.fields import SelectChoice

from portal import htmx
from portal.access import STAFF, Permission, get_or_404, public, requires
from portal.accounts.confirming import confirm_first
from portal.actor import Actor
from portal.custody.models import DEFAULT_HOURS, HOURS, VaultAccess, find_access, offer_access, open_access
from portal.custody.own_machine import commands, hosts_of
from portal.db import db
from portal.engine.models import Person, Vault
from portal.engine.panels import vault_panel
from portal.links import Purpose, open_link
from portal.paging import page_of
from portal.panels import Panel

bp = Blueprint("vault_access", __name__)
_WORDS = {24: _l("un jour"), 72: _l("trois jours"), 168: _l("sept jours"), 336: _l("quatorze jours")}


class AccessForm(FlaskForm):
    hours = SelectField(
        _l("Durée"),
        coerce=int,
        default=DEFAULT_HOURS,
        choices=[SelectChoice(value=hours, label=_WORDS[hours]) for hours in HOURS],
    )


@bp.post("/vaults/<uid>/accesses")
@requires(Permission.RESTORE_ASK)
def create(uid: str) -> Response:
    """The customer sees the secret at once; staff never do: the customer is mailed a link."""
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    form = AccessForm()
    if not form.validate():
        abort(422)
    if asking := confirm_first(url_for("vaults.show_vault", uid=uid)):
        return asking
    if g.actor.is_customer:
        return _show_secret(
            "custody/own_secret.html", open_access(vault, hours=form.hours.data, by=g.actor), g.actor
        )
    access = offer_access(vault, hours=form.hours.data, by=g.actor)
    db.session.commit()
    toast = _("Le lien est parti à %(to)s.", to=access.recipient)
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=toast)


@bp.post("/vaults/<uid>/accesses/<access_uid>/revocation")
@requires(Permission.RESTORE_ASK)
def revoke(uid: str, access_uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    query = VaultAccess.visible_to(g.actor).where(VaultAccess.vault_id == vault.id)
    get_or_404(query, access_uid).revoke(by=g.actor)
    db.session.commit()
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=_("L'accès ne fonctionne plus."))


@bp.get("/vault-access/<token>")
@public("the customer's link; the secret is made only when she asks for it")
def show(token: str) -> Response:
    access = _by_link(token)
    if _is_staff():
        return make_response(render_template("unlock/not_staff.html"), 403)
    return make_response(render_template("custody/take.html", access=access, token=token))


@bp.post("/vault-access/<token>")
@public("the customer's link; the secret is shown once and the link ends with it")
def take(token: str) -> Response:
    access = _by_link(token)
    if _is_staff():
        return make_response(render_template("unlock/not_staff.html"), 403)
    return _show_secret("custody/secret.html", access, Person(access.recipient))


def _by_link(token: str) -> VaultAccess:
    return find_access(open_link(Purpose.READ_VAULT, token).subject_uid) or abort(404)


def _is_staff() -> bool:
    return g.actor is not None and g.actor.role in STAFF


def _show_secret(template: str, access: VaultAccess, by: Actor) -> Response:
    secret = access.take(by=by, address=request.remote_addr or "")
    db.session.commit()
    repository = access.repository(secret)
    hosts = hosts_of(access.vault)
    lines = commands(repository, hosts)
    return make_response(
        render_template(template, access=access, vault=access.vault, commands=lines, hosts=hosts)
    )


@vault_panel()
def accesses_panel(vault: Vault) -> Panel:
    query = select(VaultAccess).where(VaultAccess.vault_id == vault.id)
    accesses = page_of(query, VaultAccess.id.desc(), name="accesses")
    context = {"accesses": accesses, "form": AccessForm(formdata=None)}
    return Panel("custody/_access_panel.html", context)
