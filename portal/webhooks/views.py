"""A house's webhooks: registered, tried, paused, their key turned, and each event sent again."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Select
from wtforms import SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import TicksField, saving, trim
from portal.journal import timeline
from portal.paging import page_of
from portal.webhooks import acts
from portal.webhooks.catalogue import KINDS, TEST
from portal.webhooks.models import W, Webhook, WebhookEvent

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")


class WebhookForm(FlaskForm):
    address = StringField(
        _l("Adresse"), [InputRequired(_l("Indiquez l'adresse.")), Length(max=500)], filters=[trim]
    )
    kinds = TicksField(_l("Ce qu'elle entend"), choices=[SelectChoice(*each) for each in KINDS.items()])


@bp.app_template_filter()
def event_kind(name: str) -> str:
    """The kind of record of an event, in words."""
    return _("Essai") if name == TEST else str(KINDS.get(name.partition(".")[0], name))


@bp.app_template_filter()
def call_answer(answer: str) -> str:
    """The status of HTTP; in words where none came."""
    if not answer:
        return _("en attente")
    return answer if answer.isdigit() else _("pas de réponse (%(error)s)", error=answer)


def _own() -> Select[Any]:
    return Webhook.visible_to(g.actor).where(Webhook.organisation_id == g.actor.organisation_id)


def _found(uid: str) -> Webhook:
    found: Webhook = get_or_404(_own(), uid)
    return found


def _page(form: WebhookForm, status: int = 200) -> Response:
    rows = page_of(_own(), Webhook.id.desc(), name="webhooks")
    return make_response(render_template("webhooks/list.html", rows=rows, form=form), status)


def _one(row: Webhook, key: str = "", status: int = 200) -> Response:
    events = WebhookEvent.visible_to(g.actor).where(WebhookEvent.webhook_id == row.id)
    page = render_template(
        "webhooks/show.html",
        row=row,
        is_own=row.organisation_id == g.actor.organisation_id,
        key=key,
        told=page_of(events, WebhookEvent.id.desc(), name="told"),
        events=timeline(row),
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.WEBHOOK_READ)
def list_webhooks() -> Response:
    return _page(WebhookForm(formdata=None))


@bp.post("")
@requires(Permission.WEBHOOK_WRITE)
def create() -> Response:
    """The key stands on the answer alone: whoever comes back to the page does not find it."""
    if asking := confirm_first(url_for(".list_webhooks")):
        return asking
    form = WebhookForm()
    if not form.validate():
        return _page(form, 422)
    with saving(form, "address"):
        typed = form.address.data, form.kinds.data
        row, key = acts.register(g.actor.organisation, *typed, by=g.actor, made_by=g.actor.id)
    if form.errors or form.form_errors:
        return _page(form, 422)
    return _one(row, key, 201)


@bp.get("/<uid>")
@requires(Permission.WEBHOOK_READ)
def show(uid: str) -> Response:
    """Whoever looks after a house below sees how its addresses do, and changes nothing."""
    return _one(get_or_404(Webhook.visible_to(g.actor), uid))


@bp.post("/<uid>/key")
@requires(Permission.WEBHOOK_WRITE)
def turn_key(uid: str) -> Response:
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    row = _found(uid)
    key = row.turn_key(by=g.actor)
    db.session.commit()
    return _one(row, key, 201)


@bp.post("/<uid>/trial")
@requires(Permission.WEBHOOK_WRITE)
def try_it(uid: str) -> Response:
    acts.try_it(_found(uid))
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("L'essai part dans la minute."))


@bp.post("/<uid>/pause")
@requires(Permission.WEBHOOK_WRITE)
def pause(uid: str) -> Response:
    _found(uid)._take("pause", by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Ce qui arrive attend."))


@bp.post("/<uid>/resumption")
@requires(Permission.WEBHOOK_WRITE)
def resume(uid: str) -> Response:
    acts.resume(_found(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Ce qui attendait part, dans l'ordre."))


@bp.post("/<uid>/withdrawal")
@requires(Permission.WEBHOOK_WRITE)
def withdraw(uid: str) -> Response:
    acts.withdraw(_found(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_webhooks"), toast=_("L'adresse n'est plus appelée."))


@bp.post("/events/<uid>/again")
@requires(Permission.WEBHOOK_WRITE)
def send_again(uid: str) -> Response:
    event = get_or_404(WebhookEvent.visible_to(g.actor), uid)
    row = _found(event.webhook.uid)
    acts.send_again(event)
    db.session.commit()
    said = _("Il part dans la minute.") if row.state == W.OPEN else _("Il part à la reprise.")
    return htmx.go(url_for(".show", uid=row.uid), toast=said)
