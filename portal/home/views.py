"""Dashboard, stored documents, the demonstration's mailbox."""

from flask import Blueprint, Response, abort, current_app, g, make_response, render_template, request
from sqlalchemy import select

from portal import clock
from portal.access import PROVIDER, Permission, get_or_404, granted, requires
from portal.accounts.confirming import confirm_first
from portal.blobs import CUSTOMERS_OWN, GUARDED, WITH_ACCOUNT, Document, send_document
from portal.db import db
from portal.first_steps.steps import own_steps
from portal.home.figures import figures, own_contracts
from portal.home.navigation import navigation, thumb
from portal.journal import record_taking
from portal.mail import Mail, html_of
from portal.paging import page_of
from portal.papers import have_document
from portal.today.day import badges, day
from portal.web import CSP

bp = Blueprint("home", __name__)
bp.add_app_template_global(navigation)
bp.add_app_template_global(thumb)
bp.add_app_template_global(badges)


@bp.get("/")
@requires(Permission.HOME_READ)
def dashboard() -> Response:
    page = render_template(
        "home/dashboard.html",
        today=clock.today(),
        first_steps=own_steps(),
        day=day(),
        figures=figures(),
        contracts=own_contracts(),
    )
    return make_response(page)


# What a customer's person must be allowed to read for a paper of her house; for any other one the contracts.
_HERS = {
    "acknowledgement": Permission.VAULT_READ,
    "evidence_pack": Permission.VAULT_READ,
    "certificate": Permission.REVERSIBILITY_READ,
    "invoice": Permission.INVOICE_READ,
    "proforma": Permission.ORDER_READ,
    "quote": Permission.QUOTE_READ,
    "sizing": Permission.ORDER_READ,
    "handover": Permission.ORDER_READ,
    "quote_evidence": Permission.QUOTE_READ,
    "ticket": Permission.TICKET_READ,
    "ticket_report": Permission.TICKET_READ,
}


def _may_read(document: Document) -> bool:
    """Papers with a whole IBAN are for those who answer for it: proofs, bank files, or one's own account."""
    if document.kind == "bank_file":
        is_own = g.actor.role in PROVIDER or document.organisation_id == g.actor.organisation_id
        return is_own and granted(g.actor, Permission.BATCH_READ)
    if g.actor.is_customer:
        return granted(g.actor, _HERS.get(document.kind, Permission.SUBSCRIPTION_READ))
    return document.kind not in WITH_ACCOUNT or granted(g.actor, Permission.PROOF_READ)


@bp.get("/documents/<uid>")
@requires(Permission.DOCUMENT_READ)
def download(uid: str) -> Response:
    document = get_or_404(Document.visible_to(g.actor), uid)
    if document.kind in CUSTOMERS_OWN | GUARDED or not _may_read(document):
        abort(403)
    if (
        document.kind in WITH_ACCOUNT
        and not g.actor.is_customer
        and (asked := confirm_first(request.path, takes=True))
    ):
        return asked
    if document.erased:
        abort(410)
    if not document.is_there:
        have_document(document)
    answer = send_document(document)
    record_taking(document, "read", by=g.actor, address=request.remote_addr or "")
    return answer


@bp.get("/outbox")
@requires(Permission.OUTBOX_READ)
def outbox() -> Response:
    """Every mail of the demonstration; in production mails are seen on the records only."""
    if not current_app.config["DEMO"]:
        abort(404)
    mails = page_of(Mail.visible_to(g.actor), Mail.id.desc())
    return make_response(render_template("home/outbox.html", mails=mails))


@bp.get("/outbox/<uid>")
@requires(Permission.OUTBOX_READ)
def show_mail(uid: str) -> Response:
    if not current_app.config["DEMO"]:
        abort(404)
    mail = get_or_404(Mail.visible_to(g.actor), uid)
    query = select(Document).where(Document.uid.in_(mail.attachments))
    files = list(db.session.scalars(query))
    answer = make_response(render_template("home/mail.html", mail=mail, files=files))
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


_OF_A_MAIL = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",  # of its own: mail programs know no other
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)


@bp.get("/outbox/<uid>/message")
@requires(Permission.OUTBOX_READ)
def show_message(uid: str) -> Response:
    """The HTML form, as a mail program shows it: nothing runs in it, nothing is fetched."""
    if not current_app.config["DEMO"]:
        abort(404)
    answer = make_response(html_of(get_or_404(Mail.visible_to(g.actor), uid)))
    answer.headers["Content-Security-Policy"] = _OF_A_MAIL
    return answer
