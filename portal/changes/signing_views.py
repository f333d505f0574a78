"""The customer signs a change of her contract with a link and a code, without an account."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from portal.access import public
from portal.changes.acts import refuse_change, replan, sign_change, subscription_of
from portal.changes.forms import RefusalForm, SignForm
from portal.db import db
from portal.forms import WHOLE, refusals_in, saving
from portal.linked.holding import hold
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.mail import queue_mail
from portal.subscriptions.changes import ChangeState, SubscriptionChange

bp = Blueprint("change_signing", __name__, url_prefix="/amendment/<token>")
_WHY = "the customer's signatory signs a change of her contract with a link from an e-mail"


def _open(token: str) -> tuple[SignedLink, SubscriptionChange]:
    return hold(Purpose.SIGN_CHANGE, token, SubscriptionChange)


def _page(token: str, status: int = 200, form: SignForm | None = None) -> Response:
    link, row = _open(token)
    form = form or SignForm(formdata=None)
    context: dict[str, Any] = {"plan": None}
    subscription = subscription_of(row)
    if row.state == ChangeState.ASKED:
        with refusals_in(form, WHOLE):
            context["plan"] = replan(row, subscription)
    page = render_template(
        f"changes/{'sign' if row.state == ChangeState.ASKED else 'closed'}.html",
        change=row,
        subscription=subscription,
        entity=subscription.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        form=form,
        sent=mask_email(link.recipient) if link.code_hash else "",
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    return _page(token)


@bp.post("/code")
@public(_WHY)
def send_code(token: str) -> Response:
    link, row = _open(token)
    if row.state != ChangeState.ASKED:
        return _page(token, 409)
    form = SignForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, row)
    if form.errors or form.form_errors:
        return _page(token, 429, form)
    return make_response(redirect(url_for(".show", token=token), 303))


def _send_code(link: SignedLink, row: SubscriptionChange) -> None:
    subscription = subscription_of(row)
    mail = queue_mail(
        link.recipient,
        "changes/mail_code.txt",
        about=row,
        owner=subscription.customer.organisation,
        language=subscription.customer.language,
        urgent=True,
        subscription=subscription,
        code=link.sent_code(),
        minutes=CODE_MINUTES,
    )
    link.code_leaves_with(mail)


@bp.post("")
@public(_WHY)
def sign(token: str) -> Response:
    link, row = _open(token)
    if row.state != ChangeState.ASKED:
        return _page(token, 409)
    form = SignForm()
    if not form.validate() or not form.is_right(link):
        db.session.commit()  # the try counts
        return _page(token, 422, form)
    signer = Signer(f"{form.name.data} ({link.recipient})"[:200])
    with saving(form, WHOLE):
        sign_change(row, subscription_of(row), form.seen.data or "", by=signer, visitor=visitor())
    if form.errors or form.form_errors:
        return _page(token, 422, form)
    return make_response(redirect(url_for(".show", token=token), 303))


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, row = _open(token)
    if row.state != ChangeState.ASKED:
        return _page(token, 409)
    form = RefusalForm()
    if not form.validate():
        return _page(token, 422)
    refuse_change(row, form.reason.data or "–", by=Signer(link.recipient))
    db.session.commit()
    return make_response(redirect(url_for(".show", token=token), 303))
