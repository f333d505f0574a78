"""The page on which a customer, or who sells to her, says who gets which of her mails."""

import re

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.queries import own_customer
from portal.customers.recipients import choose_recipients, note_choice, recipients_of
from portal.forms import WHOLE, saving
from portal.mail.wishes import TOPICS

bp = Blueprint("recipients", __name__)


class RecipientsForm(FlaskForm):
    """What is ticked and typed is read by topic: there are as many fields as topics and contacts."""


@bp.get("/recipients")
@requires(Permission.RECIPIENT_READ)
def show_own() -> Response:
    """The customer's own people come here; for staff there are many customers."""
    if not g.actor.is_customer:
        return make_response(redirect(url_for("customers.list_customers"), 303))
    return _page(own_customer() or abort(404), RecipientsForm(formdata=None))


@bp.get("/customers/<uid>/recipients")
@requires(Permission.RECIPIENT_READ)
def show(uid: str) -> Response:
    return _page(get_or_404(Customer.visible_to(g.actor), uid), RecipientsForm(formdata=None))


def _page(customer: Customer, form: RecipientsForm, status: int = 200) -> Response:
    chosen = recipients_of(customer)
    if status != 200:
        chosen = {topic.name: _asked(topic.name) for topic in TOPICS}
    page = render_template(
        "customers/recipients.html", customer=customer, form=form, topics=TOPICS, chosen=chosen
    )
    return make_response(page, status)


def _asked(topic: str) -> tuple[list[str], list[str]]:
    others = re.split(r"[,;\s]+", request.form.get(f"others-{topic}", "")[:2000])
    return request.form.getlist(f"contacts-{topic}"), [each for each in others if each]


@bp.post("/customers/<uid>/recipients")
@requires(Permission.RECIPIENT_WRITE)
def choose(uid: str) -> Response:
    customer, form = get_or_404(Customer.visible_to(g.actor), uid), RecipientsForm()
    if form.validate():
        with saving(form, WHOLE):
            for topic in TOPICS:
                choose_recipients(customer, topic, *_asked(topic.name), by=g.actor)
            note_choice(customer, by=g.actor)
    if form.errors:
        return _page(get_or_404(Customer.visible_to(g.actor), uid), form, 422)
    back = url_for(".show_own") if g.actor.is_customer else url_for("customers.show_customer", uid=uid)
    return htmx.go(back, toast=_("C'est enregistré."))
