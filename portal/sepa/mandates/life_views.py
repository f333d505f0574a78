"""The life of a mandate after its signature, for staff: another account, suspension, evidence."""

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Conflict, Refused
from portal.forms import saving
from portal.scans import LARGEST_SCAN
from portal.sepa.mandates.forms import AgreementForm, PaperForm, ReturnForm, SuspensionForm
from portal.sepa.mandates.lapse import lapsing_mandates
from portal.sepa.mandates.paper_mandate import SignedPaper, agree_to_paper, enter_paper, return_paper
from portal.sepa.mandates.views import mandate_page
from portal.sepa.models import Mandate, MandateState, open_change
from portal.sepa.signing.account_change import ask_account
from portal.sepa.signing.documents import mandate_form
from portal.sepa.signing.evidence_pack import build_evidence_pack
from portal.sepa.signing.mandate_pdf import build_mandate_pdf

bp = Blueprint("mandates", __name__, url_prefix="/sepa/mandates")


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "mandates.record_paper":
        request.max_content_length = LARGEST_SCAN + 4096


def _held(uid: str) -> Mandate:
    mandate: Mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(of=Mandate), uid)
    return mandate


def _asking(uid: str) -> Response | None:
    """For an act on a mandate that one may see: the question who asks."""
    get_or_404(Mandate.visible_to(g.actor), uid)
    return confirm_first(url_for("sepa.show_mandate", uid=uid))


def _stem(rum: str) -> str:
    """A reference as part of a file name: an imported one may hold other characters."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", rum)


def _back(mandate: Mandate, toast: str) -> Response:
    return htmx.go(url_for("sepa.show_mandate", uid=mandate.uid), toast=toast)


@bp.post("/<uid>/account-change")
@requires(Permission.MANDATE_WRITE)
def ask_for_account(uid: str) -> Response:
    mandate = _held(uid)
    ask_account(mandate, by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le lien part par e-mail ; rien ne change avant la confirmation du client."))


@bp.post("/<uid>/account-change/withdrawal")
@requires(Permission.MANDATE_WRITE)
def withdraw_change(uid: str) -> Response:
    mandate = _held(uid)
    change = open_change(mandate)
    if change is None:
        raise Refused(_("Aucun changement de compte n'attend."))
    change.withdraw(by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le changement de compte est abandonné."))


@bp.post("/<uid>/suspension")
@requires(Permission.MANDATE_HOLD)
def suspend_mandate(uid: str) -> Response:
    if asking := _asking(uid):
        return asking
    mandate, form = _held(uid), SuspensionForm()
    if not form.validate():
        return mandate_page(mandate, 422, suspension=form)
    mandate.suspend(form.reason.data, by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le mandat est suspendu : plus aucun prélèvement ne part."))


@bp.post("/<uid>/resumption")
@requires(Permission.MANDATE_HOLD)
def resume_mandate(uid: str) -> Response:
    if asking := _asking(uid):
        return asking
    mandate = _held(uid)
    mandate.resume(by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le mandat peut de nouveau servir."))


@bp.get("/<uid>/evidence.zip")
@requires(Permission.PROOF_READ)
def download_evidence(uid: str) -> Response:
    """Everything a contested debit needs, made on the spot."""
    mandate = get_or_404(Mandate.visible_to(g.actor), uid)
    if asking := confirm_first(url_for("sepa.show_mandate", uid=uid), takes=True):
        return asking
    response = make_response(build_evidence_pack(mandate))
    response.mimetype = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="preuves-{_stem(mandate.rum)}.zip"'
    return response


@bp.get("/lapsing")
@requires(Permission.MANDATE_READ)
def list_lapsing() -> Response:
    """Unused for 33 months and not lapsed yet, the soonest first."""
    rows = lapsing_mandates(Mandate.visible_to(g.actor))
    return make_response(render_template("sepa/lapsing.html", mandates=rows))


@bp.get("/<uid>/form.pdf")
@requires(Permission.MANDATE_WRITE)
def print_form(uid: str) -> Response:
    """The mandate to sign by hand; its reference is filled in."""
    mandate = get_or_404(Mandate.visible_to(g.actor), uid)
    if mandate.state != MandateState.SENT:
        raise Conflict(_("Ce mandat n'attend plus de signature."))
    response = make_response(build_mandate_pdf(replace(mandate_form(mandate), debtor_iban="")))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{_stem(mandate.rum)}.pdf"'
    return response


@bp.get("/<uid>/paper")
@requires(Permission.MANDATE_WRITE)
def show_paper(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor), uid)
    contact = mandate.customer.contact(ContactRole.SIGNATORY)
    form = PaperForm(formdata=None, holder=mandate.debtor_name, signer_name=contact.name)
    return _paper_page(mandate, form)


def _paper_page(mandate: Mandate, form: PaperForm, status: int = 200) -> Response:
    page = render_template("sepa/paper.html", mandate=mandate, customer=mandate.customer, form=form)
    return make_response(page, status)


@bp.post("/<uid>/paper")
@requires(Permission.MANDATE_WRITE)
def record_paper(uid: str) -> Response:
    mandate = _held(uid)
    form = PaperForm()
    if form.validate():
        with saving(form, "scan"):
            enter_paper(mandate, _signed(form), by=g.actor)
    if form.errors:
        return _paper_page(get_or_404(Mandate.visible_to(g.actor), uid), form, 422)
    return _back(mandate, _("Le papier est saisi : une deuxième personne doit le relire."))


@bp.post("/<uid>/paper/agreement")
@requires(Permission.MANDATE_AGREE)
def agree_to_a_paper(uid: str) -> Response:
    mandate, form = _held(uid), AgreementForm()
    if form.validate():
        with saving(form, "iban"):
            agree_to_paper(mandate, form.iban.data, by=g.actor)
    if form.errors:
        return mandate_page(get_or_404(Mandate.visible_to(g.actor), uid), 422, paper_agreement=form)
    return _back(mandate, _("Le mandat %(rum)s est signé.", rum=mandate.rum))


@bp.post("/<uid>/paper/return")
@requires(Permission.MANDATE_AGREE)
def return_a_paper(uid: str) -> Response:
    mandate, form = _held(uid), ReturnForm()
    if not form.validate():
        return mandate_page(mandate, 422, paper_return=form)
    return_paper(mandate, form.reason.data, by=g.actor)
    db.session.commit()
    return _back(mandate, _("Le papier est renvoyé : le mandat attend de nouveau une signature."))


def _signed(form: PaperForm) -> SignedPaper:
    return SignedPaper(
        iban=form.iban.data,
        holder=form.holder.data,
        signed_on=form.signed_on.data,
        signer_name=form.signer_name.data,
        signer_role=form.signer_role.data,
        scan=form.scan.data.read() if form.scan.data else b"",
    )
