"""Consenting to a transfer with a link and a code: each of the three in her own turn, without an account."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from portal.access import public
from portal.billing.queries import unpaid_invoices
from portal.db import EVERYTHING, db, set_scope
from portal.forms import WHOLE, saving
from portal.linked.holding import still_open
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email, open_link
from portal.mail import queue_mail
from portal.transfers.forms import ConsentForm, RefusalForm
from portal.transfers.models import ConsentOf, Party, Transfer, TransferState

bp = Blueprint("consents", __name__, url_prefix="/consent/<token>")
_WHY = "each party of a transfer consents with a link from an e-mail, without an account"


def _open(token: str) -> tuple[SignedLink, Transfer, Party]:
    """Link, transfer and party, held. The row lies above all three, so the scope is everything."""
    link = open_link(Purpose.CONSENT, token)
    set_scope(EVERYTHING)
    transfer, party = ConsentOf.find(link.subject_uid)
    still_open(link)
    return link, transfer, party


def _page(
    transfer: Transfer, party: Party, token: str, status: int = 200, name: str = "consent", **context: Any
) -> Response:
    open_ = transfer.state == TransferState.ASKED and not transfer.has_agreed(party)
    page = render_template(
        f"transfers/{name if open_ else 'closed'}.html",
        transfer=transfer,
        party=party.value,
        entity=transfer.organisation,
        token=token,
        start=url_for(".show", token=token),
        unpaid=unpaid_invoices(transfer.customer),
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    link, transfer, party = _open(token)
    return _page(transfer, party, token, form=ConsentForm(), sent=_sent_to(link))


def _sent_to(link: SignedLink) -> str:
    return mask_email(link.recipient) if link.code_hash else ""


def _again(token: str, form: ConsentForm, status: int) -> Response:
    link, transfer, party = _open(token)
    return _page(transfer, party, token, status, form=form, sent=_sent_to(link))


@bp.post("/code")
@public(_WHY)
def send_code(token: str) -> Response:
    link, transfer, party = _open(token)
    if transfer.state != TransferState.ASKED:
        return _page(transfer, party, token, 409)
    form = ConsentForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, transfer, party)
    if form.errors:
        return _again(token, form, 429)
    return make_response(redirect(url_for(".show", token=token), 303))


def _send_code(link: SignedLink, transfer: Transfer, party: Party) -> None:
    mail = queue_mail(
        link.recipient,
        "transfers/mail_code.txt",
        about=transfer,
        owner=transfer.house_of(party),
        language=transfer.customer.language,
        urgent=True,
        transfer=transfer,
        code=link.sent_code(),
        minutes=CODE_MINUTES,
    )
    link.code_leaves_with(mail)


@bp.post("")
@public(_WHY)
def agree(token: str) -> Response:
    link, transfer, party = _open(token)
    if transfer.state != TransferState.ASKED:
        return _page(transfer, party, token, 409)
    form = ConsentForm()
    if not form.validate() or not form.is_right(link):
        db.session.commit()  # the try counts
        return _again(token, form, 422)
    signer = Signer(f"{form.name.data} ({link.recipient})")
    with saving(form, WHOLE):
        transfer.agree(party, form.name.data, by=signer, visitor=visitor())
    if form.errors:
        return _again(token, form, 422)
    return _page(transfer, party, token)


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, transfer, party = _open(token)
    if transfer.state != TransferState.ASKED:
        return _page(transfer, party, token, 409)
    form = RefusalForm()
    if not form.validate():
        return _again(token, ConsentForm(formdata=None), 422)
    transfer.refuse(party, form.reason.data or "–", by=Signer(link.recipient))
    db.session.commit()
    return _page(transfer, party, token)
