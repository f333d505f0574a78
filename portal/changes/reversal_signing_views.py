"""The customer consents that a notice is taken back, with a link and a code, without an account."""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from portal.access import public
from portal.changes.forms import ConsentForm
from portal.changes.reversals import NoticeReversal, ReversalState
from portal.changes.taking_back import agree_reversal
from portal.db import db
from portal.forms import WHOLE, saving
from portal.linked.holding import hold
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.mail import queue_mail

bp = Blueprint("reversal_signing", __name__, url_prefix="/reversal/<token>")
_WHY = "the customer's signatory consents with a link from an e-mail that her notice is taken back"


def _open(token: str) -> tuple[SignedLink, NoticeReversal]:
    return hold(Purpose.SIGN_REVERSAL, token, NoticeReversal)


def _page(token: str, status: int = 200, form: ConsentForm | None = None) -> Response:
    link, row = _open(token)
    waits = row.state == ReversalState.ASKED
    page = render_template(
        f"changes/{'reversal' if waits else 'reversal_closed'}.html",
        reversal=row,
        subscription=row.subscription,
        entity=row.subscription.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        form=form or ConsentForm(formdata=None),
        sent=mask_email(link.recipient) if link.code_hash else "",
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _again(token: str) -> Response:
    return make_response(redirect(url_for(".show", token=token), 303))


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    return _page(token)


@bp.post("/code")
@public(_WHY)
def send_code(token: str) -> Response:
    link, row = _open(token)
    if row.state != ReversalState.ASKED:
        return _page(token, 409)
    form = ConsentForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, row)
    if form.errors or form.form_errors:
        return _page(token, 429, form)
    return _again(token)


def _send_code(link: SignedLink, row: NoticeReversal) -> None:
    customer = row.subscription.customer
    mail = queue_mail(
        link.recipient,
        "changes/mail_reversal_code.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        subscription=row.subscription,
        code=link.sent_code(),
        minutes=CODE_MINUTES,
    )
    link.code_leaves_with(mail)


@bp.post("")
@public(_WHY)
def agree(token: str) -> Response:
    link, row = _open(token)
    if row.state != ReversalState.ASKED:
        return _page(token, 409)
    form = ConsentForm()
    if not form.validate() or not form.is_right(link):
        db.session.commit()  # the try counts
        return _page(token, 422, form)
    signer = Signer(f"{form.name.data} ({link.recipient})"[:200])
    with saving(form, WHOLE):
        agree_reversal(row, by=signer, address=visitor()["ip"])
    if form.errors or form.form_errors:
        return _page(token, 422, form)
    return _again(token)


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, row = _open(token)
    if row.state != ReversalState.ASKED:
        return _page(token, 409)
    row.refuse(by=Signer(link.recipient))
    db.session.commit()
    return _again(token)
