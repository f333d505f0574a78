"""Having one's keys at once: a consumer gives up her right to withdraw, with a link, two ticks and a code."""

from typing import Any

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import DataRequired

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.linked.pages import mail_code
from portal.linked.two_steps import TwoSteps
from portal.linked.visitor import visitor
from portal.links import Purpose, SignedLink
from portal.subscriptions.key_waits import link_for, send_link, waive
from portal.subscriptions.models import Order
from portal.subscriptions.pool_waits import PoolWait, pool_wait_of
from portal.subscriptions.waiting_keys import EARLY, LOSES, KeyWait, KeyWaitState, wait_of

bp = Blueprint("key_waits", __name__)
waiving = Blueprint("waiving", __name__, url_prefix="/keys-now/<token>")
_WHY = "a consumer gives up her right to withdraw with a link from an e-mail, without an account"
_NEEDED = _l("Cochez cette case pour recevoir votre clé maintenant.")


class WaiverForm(FlaskForm):
    early = BooleanField(EARLY, [DataRequired(_NEEDED)])
    loses = BooleanField(LOSES, [DataRequired(_NEEDED)])


class _Waiving(TwoSteps[KeyWait]):
    purpose, model, folder = Purpose.WAIVE, KeyWait, "keys_now"
    first, closed, form = "ticks", "done", WaiverForm

    def waits(self, row: KeyWait) -> bool:
        return row.state == KeyWaitState.WAITING

    def has_declared(self, row: KeyWait) -> bool:
        return row.ticked_at is not None

    def words(self, row: KeyWait) -> dict[str, Any]:
        return {"wait": row, "entity": row.customer.organisation.parent}

    def declare(self, link: SignedLink, row: KeyWait, form: WaiverForm) -> None:
        row.tick(visitor())

    def send_code(self, link: SignedLink, row: KeyWait) -> None:
        owner, language = row.customer.organisation, row.customer.language
        mail = "subscriptions/mail_keys_code.txt"
        mail_code(link, mail, about=row.order, owner=owner, language=language, words={"wait": row})

    def conclude(self, link: SignedLink, row: KeyWait) -> None:
        waive(row, link)


_Waiving().add_to(waiving, _WHY)


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
