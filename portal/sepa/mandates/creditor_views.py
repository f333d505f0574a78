"""The bank profile of each legal entity that collects, for operators and finance."""

from flask import Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.resellers.models import LegalEntity
from portal.sepa.blueprint import bp
from portal.sepa.formats.iban import mask
from portal.sepa.mandates.creditor_forms import CreditorForm
from portal.sepa.mandates.lists import CREDITORS
from portal.sepa.models.creditor_change import open_creditor_change
from portal.sepa.models.profile import PROFILE, Outcome, change_profile


@bp.get("/creditors")
@requires(Permission.CREDITOR_READ)
def list_creditors() -> Response:
    return list_page(CREDITORS, "sepa/creditors.html")


@bp.get("/creditors/<uid>")
@requires(Permission.CREDITOR_READ)
def show_creditor(uid: str) -> Response:
    entity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    values = {name: getattr(entity, name) for name in PROFILE}
    return _page(entity, CreditorForm(formdata=None, data=values))


@bp.post("/creditors/<uid>")
@requires(Permission.CREDITOR_WRITE)
def change_creditor(uid: str) -> Response:
    get_or_404(LegalEntity.visible_to(g.actor), uid)
    if asking := confirm_first(url_for("sepa.show_creditor", uid=uid)):
        return asking
    entity = get_or_404(LegalEntity.visible_to(g.actor).with_for_update(), uid)
    form = CreditorForm()
    if form.validate():
        with saving(form, WHOLE):
            values = {name: form[name].data for name in PROFILE}
            outcome = change_profile(entity, values, form.iban.data or "", by=g.actor)
    if form.errors:
        return _page(entity, form, 422)
    return htmx.go(url_for("sepa.show_creditor", uid=uid), toast=_toast(outcome))


def _toast(outcome: Outcome) -> str:
    if outcome.asked:
        return _(
            "Demandé : une deuxième personne doit l'accepter, puis le changement compte après 24 heures."
        )
    return _("Le profil bancaire est changé.") if outcome.changed else _("Rien n'a changé.")


@bp.post("/creditors/<uid>/change")
@requires(Permission.CREDITOR_WRITE)
def answer_change(uid: str) -> Response:
    """Agree to what waits, as the second person, or stop it."""
    get_or_404(LegalEntity.visible_to(g.actor), uid)
    if asking := confirm_first(url_for("sepa.show_creditor", uid=uid)):
        return asking
    entity = get_or_404(LegalEntity.visible_to(g.actor).with_for_update(), uid)
    change = open_creditor_change(entity)
    if change is None or change.uid != request.form.get("change"):
        raise Refused(_("Ce changement n'attend plus : relisez la page."))
    agrees = request.form.get("answer") == "agree"
    (change.agree if agrees else change.stop)(by=g.actor)
    db.session.commit()
    toast = _("Accepté : le changement compte après 24 heures.") if agrees else _("Le changement est arrêté.")
    return htmx.go(url_for("sepa.show_creditor", uid=uid), toast=toast)


def _page(entity: LegalEntity, form: CreditorForm, status: int = 200) -> Response:
    page = render_template(
        "sepa/creditor.html",
        entity=entity,
        form=form,
        account=mask(entity.iban),
        waiting=open_creditor_change(entity),
        events=timeline(entity),
    )
    return make_response(page, status)
