"""The account of a reseller that invoices its customers itself: another one is agreed to by the provider."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import OrganisationKind
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.panels import Panel
from portal.resellers.models import LegalEntity
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller
from portal.sepa.formats.iban import mask
from portal.sepa.mandates.creditor_forms import OwnAccountForm
from portal.sepa.models.creditor_change import open_creditor_change
from portal.sepa.models.profile import ask_account

bp = Blueprint("own_account", __name__, url_prefix="/own-account")


def _own() -> Select[tuple[LegalEntity]]:
    """Of the reseller whose people act: not those above, which bill its customers, nor those below."""
    if g.actor.organisation.kind != OrganisationKind.RESELLER:
        abort(404)
    query: Select[tuple[LegalEntity]] = LegalEntity.visible_to(g.actor)
    return query.where(LegalEntity.organisation_id == g.actor.organisation_id)


@bp.get("/<uid>")
@requires(Permission.OWN_ACCOUNT_WRITE)
def show(uid: str) -> Response:
    entity = get_or_404(_own(), uid)
    return _page(entity, OwnAccountForm(formdata=None, bank_name=entity.bank_name))


def _page(entity: LegalEntity, form: OwnAccountForm, status: int = 200) -> Response:
    waiting, account = open_creditor_change(entity), mask(entity.iban)
    context = {"entity": entity, "form": form, "waiting": waiting, "account": account}
    return make_response(render_template("sepa/own_account.html", **context), status)


@bp.post("/<uid>")
@requires(Permission.OWN_ACCOUNT_WRITE)
def ask(uid: str) -> Response:
    get_or_404(_own(), uid)
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    entity, form, asked = get_or_404(_own().with_for_update(of=LegalEntity), uid), OwnAccountForm(), None
    if form.validate():
        with saving(form, WHOLE):
            asked = ask_account(entity, form.iban.data, form.bank_name.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(entity, form, 422)
    toast = _("Demandé à votre fournisseur : le compte ne change qu'avec son accord, 24 heures après.")
    return htmx.go(url_for(".show", uid=uid), toast=toast if asked else _("Rien n'a changé."))


@bp.post("/<uid>/stop")
@requires(Permission.OWN_ACCOUNT_WRITE)
def stop(uid: str) -> Response:
    """Whoever of the house does not recognise a change stops it: one person is enough."""
    change = open_creditor_change(get_or_404(_own().with_for_update(of=LegalEntity), uid))
    if change is None or change.uid != request.form.get("change"):
        raise Refused(_("Ce changement n'attend plus : relisez la page."))
    change.stop(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Le changement est arrêté."))


@reseller_panel(rank=27)
def account_panel(reseller: Reseller) -> Panel | None:
    """Where its customers pay, for who may ask for another account."""
    if not may(Permission.OWN_ACCOUNT_WRITE) or reseller.organisation_id != g.actor.organisation_id:
        return None
    query = select(LegalEntity).where(LegalEntity.organisation_id == reseller.organisation_id)
    own = [(each, mask(each.iban)) for each in db.session.scalars(query.order_by(LegalEntity.id))]
    return Panel("sepa/_own_account_panel.html", {"own": own}) if own else None
