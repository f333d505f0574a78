"""The register of a vault's key: who holds it, what the customer signed, the yearly proof."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.custody.acknowledgement_pdf import keep_paper
from portal.custody.jobs import ask_proof
from portal.custody.register import acknowledge, acknowledgement_of, note_custody, notes_of, shown_text
from portal.db import db
from portal.engine.models import Custody, Vault, VaultState
from portal.engine.panels import vault_panel
from portal.errors import Refused
from portal.forms import DayField
from portal.panels import Panel
from portal.wording import N_
from portal.words.choices import CUSTODIES

bp = Blueprint("custody", __name__, url_prefix="/vaults")


class CustodyForm(FlaskForm):
    custody = SelectField(
        _l("Qui peut ouvrir le coffre ?"),
        choices=[SelectChoice(one.value, CUSTODIES[one.value]) for one in Custody],
    )
    holder = StringField(_l("Nom de la personne qui détient la phrase"), [Length(max=140)])
    email = StringField(
        _l("Son adresse e-mail"),
        [Optional(), Email(_l("Cette adresse e-mail n'est pas valable.")), Length(max=254)],
    )
    since_on = DayField(_l("Depuis le"), [InputRequired(_l("Indiquez une date."))])


class AcknowledgementForm(FlaskForm):
    name = StringField(_l("Votre nom"), [InputRequired(_l("Indiquez votre nom.")), Length(max=140)])
    function = StringField(
        _l("Votre fonction"), [InputRequired(_l("Indiquez votre fonction.")), Length(max=140)]
    )
    agreed = BooleanField(
        _l("J'ai lu et compris : une phrase secrète perdue, ce sont des données perdues"),
        [InputRequired(_l("Cochez la case pour signer."))],
    )


def _vault(uid: str) -> Vault:
    vault: Vault = get_or_404(Vault.visible_to(g.actor), uid)
    return vault


def _to(uid: str, toast: str) -> Response:
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=toast)


@bp.get("/<uid>/custody")
@requires(Permission.RESTORE_WORK)
def edit_custody(uid: str) -> Response:
    vault = _vault(uid)
    last = next(iter(notes_of(vault)), None)
    form = CustodyForm(formdata=None, obj=last, data={"custody": vault.custody.value})
    if last is None:
        form.since_on.data = clock.today()
    return _page("custody/custody.html", vault, form)


@bp.post("/<uid>/custody")
@requires(Permission.RESTORE_WORK)
def save_custody(uid: str) -> Response:
    vault, form = _vault(uid), CustodyForm()
    if not form.validate():
        return _page("custody/custody.html", vault, form, 422)
    since: date = form.since_on.data
    note_custody(
        vault,
        Custody(form.custody.data),
        holder=(form.holder.data or "").strip(),
        email=form.email.data or "",
        since_on=since,
        by=g.actor,
    )
    db.session.commit()
    return _to(uid, _("La garde de la clé est notée."))


@bp.get("/<uid>/acknowledgement")
@requires(Permission.VAULT_UNLOCK)
def show_acknowledgement(uid: str) -> Response:
    return _page("custody/acknowledgement.html", _vault(uid), AcknowledgementForm(formdata=None))


@bp.post("/<uid>/acknowledgement")
@requires(Permission.VAULT_UNLOCK)
def sign_acknowledgement(uid: str) -> Response:
    vault, form = _vault(uid), AcknowledgementForm()
    if not form.validate():
        return _page("custody/acknowledgement.html", vault, form, 422)
    row = acknowledge(
        vault,
        name=form.name.data.strip(),
        function=form.function.data.strip(),
        address=request.remote_addr or "",
        by=g.actor,
    )
    db.session.flush()
    keep_paper(vault, row)
    db.session.commit()
    return _to(uid, _("C'est signé. Le document scellé est sur la page du coffre."))


@bp.post("/<uid>/proof")
@requires(Permission.RESTORE_ASK)
def ask_for_proof(uid: str) -> Response:
    """The customer goes on to type the passphrase; staff can only have the link mailed."""
    vault = _vault(uid)
    if vault.state != VaultState.ACTIVE:
        raise Refused(N_("Ce coffre est effacé."))
    opening = ask_proof(vault, by=g.actor)
    db.session.commit()
    if g.actor.is_customer:
        return htmx.go(url_for("unlock.show_own", uid=opening.uid))
    return _to(uid, _("Le lien est parti à %(to)s.", to=opening.recipient))


def _page(template: str, vault: Vault, form: Any, status: int = 200) -> Response:
    page = render_template(
        template, vault=vault, form=form, text=shown_text(), signed=acknowledgement_of(vault)
    )
    return make_response(page, status)


@vault_panel()
def custody_panel(vault: Vault) -> Panel:
    return Panel("custody/_panel.html", {"notes": notes_of(vault), "signed": acknowledgement_of(vault)})
