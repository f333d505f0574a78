"""The agreements of the house's customers; one of them, for who keeps the contract and for the customer."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import force_locale, format_date
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.agreements.acts import ask_to_send, send
from portal.agreements.lists import AGREEMENTS
from portal.agreements.models import LIVE, AgreementState, ProcessingAgreement, versions_of
from portal.blobs import send_document
from portal.customers.proofs import seller_of
from portal.db import db
from portal.journal import timeline
from portal.listing.page import list_page
from portal.paging import first_of
from portal.panels import Panel
from portal.pdf.document import Party
from portal.pdf.draft import Draft
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel

bp = Blueprint("agreements", __name__, url_prefix="/agreements")


@bp.get("")
@requires(Permission.PRIVACY_READ)
def list_agreements() -> Response:
    ready = ProcessingAgreement.state == AgreementState.PREPARED
    waits = bool(first_of(ProcessingAgreement.visible_to(g.actor).where(ready), 1))
    return list_page(AGREEMENTS, "agreements/list.html", waits=waits)


@bp.post("/sending")
@requires(Permission.PRIVACY_WRITE)
def send_all() -> Response:
    """To everybody whose version is prepared: nobody is written to before a person has read the text."""
    back = url_for(".list_agreements")
    if asking := confirm_first(back):
        return asking
    count = ask_to_send(g.actor.organisation, by=g.actor)
    db.session.commit()
    return htmx.go(back, toast=_("Les accords partent : %(n)d.", n=count))


def _found(uid: str) -> ProcessingAgreement:
    found: ProcessingAgreement = get_or_404(ProcessingAgreement.visible_to(g.actor), uid)
    return found


@bp.get("/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show_agreement(uid: str) -> str:
    row = _found(uid)
    others = [each for each in versions_of(row.customer, row.contract) if each.id != row.id]
    return render_template("agreements/show.html", row=row, others=others, events=timeline(row))


@bp.post("/<uid>/sending")
@requires(Permission.PRIVACY_WRITE)
def send_one(uid: str) -> Response:
    send(_found(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_agreement", uid=uid), toast=_("Le lien part à l'adresse du signataire."))


@bp.get("/<uid>/file.pdf")
@requires(Permission.SUBSCRIPTION_READ)
def download(uid: str) -> Response:
    row = _found(uid)
    answer = make_response(printed(row), 200, {"Content-Type": "application/pdf"})
    name = f"accord-donnees-{row.contract}-{row.number}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.get("/<uid>/proof.pdf")
@requires(Permission.SUBSCRIPTION_READ)
def download_proof(uid: str) -> Response:
    row = _found(uid)
    return htmx.go(url_for(".show_agreement", uid=uid)) if row.proof is None else send_document(row.proof)


def printed(row: ProcessingAgreement) -> bytes:
    """The text as a PDF in the customer's language; the same version gives the same bytes."""
    with force_locale(row.language):
        return _draft(row).build()


def _draft(row: ProcessingAgreement) -> Draft:
    said: dict[str, Any] = row.content
    draft = Draft(
        _("Accord sur les données (%(contract)s)", contract=said["contract"]),
        issuer=Party(seller_of(row.customer), ()),
        recipient=Party(row.customer.name, ()),
        meta=[
            (_("Version"), str(row.number)),
            (_("Écrite le"), format_date(row.made_on)),
            ("SHA-256", row.sha256[:16]),
        ],
        legal=[_("Règlement (UE) 2016/679, article 28")],
        language=row.language,
        page_label=_("Page {page} sur {pages}"),
    )
    subject = said["subject"]
    draft.fields(
        [
            (_("Finalité"), subject["purpose"]),
            (_("Personnes"), subject["persons"]),
            (_("Données"), subject["data"]),
            (_("Durée"), subject["duration"]),
        ]
    )
    for point in said["points"]:
        draft.heading(f"{point['title']}, {point['code']}")
        clauses = f" ({', '.join(point['clauses'])})" if point["clauses"] else ""
        draft.text(f"{point['text']}{clauses}")
    draft.heading(_("Mesures de sécurité"))
    draft.text(" ; ".join(said["measures"]))
    draft.heading(_("Sous-traitants"))
    listed = [(one["name"], f"{one['place']}, {one['purpose']}") for one in said["processors"]]
    draft.fields(listed or [(_("Aucun"), _("aucun sous-traitant n'intervient"))])
    return draft


@subscription_panel(rank=82)
def agreement_panel(subscription: Subscription) -> Panel | None:
    """The version in force, and the one that waits for a signature."""
    if not may(Permission.SUBSCRIPTION_READ):
        return None
    rows = versions_of(subscription.customer, subscription.terms_stack)
    live = [row for row in rows if row.state in LIVE]
    return Panel("agreements/_panel.html", {"rows": live}) if live else None
