"""Having one's keys at once: a consumer gives up her right to withdraw, with a link, two ticks and a code."""

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import DataRequired

from portal import htmx
from portal.access import Permission, get_or_404, public, requires
from portal.db import db
from portal.forms import WHOLE, saving
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.visitor import visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.mail import queue_mail
from portal.subscriptions.key_waits import EARLY, LOSES, KeyWait, KeyWaitState, link_for, send_link, wait_of
from portal.subscriptions.models import Order
from portal.subscriptions.pool_waits import PoolWait, pool_wait_of

bp = Blueprint("key_waits", __name__)
_WHY = "a consumer gives up her right to withdraw with a link from an e-mail, without an account"
_NEEDED = _l("Cochez cette case pour recevoir votre clé maintenant.")


class WaiverForm(FlaskForm):
    early = BooleanField(EARLY, [DataRequired(_NEEDED)])
    loses = BooleanField(LOSES, [DataRequired(_NEEDED)])


def _open(token: str) -> tuple[SignedLink, KeyWait]:
    return hold(Purpose.WAIVE, token, KeyWait)


def _page(name: str, wait: KeyWait, token: str, status: int = 200, **context: Any) -> Response:
    over = wait.state != KeyWaitState.WAITING
    page = render_template(
        f"keys_now/{'done' if over else name}.html",
        wait=wait,
        entity=wait.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _to(step: str, token: str) -> Response:
    return make_response(redirect(url_for(f".{step}", token=token), 303))


@bp.get("/keys-now/<token>")
@public(_WHY)
def show(token: str) -> Response:
    _link, wait = _open(token)
    return _page("ticks", wait, token, form=take_correction(WaiverForm, "waive", token) or WaiverForm())


@bp.post("/keys-now/<token>")
@public(_WHY)
def tick(token: str) -> Response:
    """Both are ticked: the code leaves to the address on file."""
    link, wait = _open(token)
    if wait.state != KeyWaitState.WAITING:
        return _page("done", wait, token, 409)
    form = WaiverForm()
    if form.validate():
        with saving(form, WHOLE):
            wait.tick(visitor())
            _send_code(link, wait)
    if form.errors:
        page = _page("ticks", wait, token, 422, form=form)
        return _to("show", token) if keep_correction(form, "waive", token) else page
    return _to("show_code", token)


def _send_code(link: SignedLink, wait: KeyWait) -> None:
    code = link.sent_code()
    mail = queue_mail(
        link.recipient,
        "subscriptions/mail_keys_code.txt",
        about=wait.order,
        owner=wait.customer.organisation,
        language=wait.customer.language,
        urgent=True,
        code=code,
        minutes=CODE_MINUTES,
        wait=wait,
    )
    link.code_leaves_with(mail)


@bp.get("/keys-now/<token>/code")
@public(_WHY)
def show_code(token: str) -> Response:
    link, wait = _open(token)
    if wait.ticked_at is None or not link.code_expires_at:
        return _to("show", token)
    return _code_page(link, wait, token, take_correction(CodeForm, "waive.code", token) or CodeForm())


def _code_page(link: SignedLink, wait: KeyWait, token: str, form: CodeForm, status: int = 200) -> Response:
    address = mask_email(link.recipient)
    return _page("code", wait, token, status, form=form, address=address, minutes=CODE_MINUTES)


@bp.post("/keys-now/<token>/code")
@public(_WHY)
def waive(token: str) -> Response:
    link, wait = _open(token)
    if wait.state != KeyWaitState.WAITING:
        return _page("done", wait, token, 409)
    if wait.ticked_at is None or not link.code_expires_at:
        return _to("show", token)
    form = CodeForm()
    if not form.validate() or not form.is_right(link):
        db.session.commit()  # the try counts
        page = _code_page(link, wait, token, form, 422)
        return _to("show_code", token) if keep_correction(form, "waive.code", token) else page
    with saving(form, WHOLE):
        wait.waive(link)
    if form.errors:
        link, wait = _open(token)
        return _code_page(link, wait, token, form, 422)
    return _page("done", wait, token)


@bp.app_template_filter()
def waiting_keys(order_uid: str) -> KeyWait | None:
    """Of an order: its keys that wait for the end of a delay, or did."""
    return wait_of(order_uid)


@bp.app_template_filter()
def waiting_for_pool(order_uid: str) -> PoolWait | None:
    """Of an order whose keys another vendor has not given yet."""
    return pool_wait_of(order_uid)


@bp.post("/orders/<uid>/key-link")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def send_again(uid: str) -> Response:
    """A new link to the consumer, whoever of her house or of her reseller's asks for it."""
    order = get_or_404(Order.visible_to(g.actor), uid)
    wait = wait_of(order.uid)
    if wait is not None and wait.state == KeyWaitState.WAITING:
        send_link(wait, link_for(wait), by=g.actor)
        db.session.commit()
    text = _("Un nouveau lien part à l'adresse du signataire.")
    return htmx.go(url_for("subscriptions.show_order", uid=uid), toast=text)
