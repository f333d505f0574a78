"""A person of the provider suspends a contract at once, and lifts that again."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.endings.suspending import causes_to_suspend, lift, suspend_at_once
from portal.forms import WHOLE, saving, trim
from portal.panels import Link
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.words.clauses import SUSPENSIONS

bp = Blueprint("suspensions", __name__, url_prefix="/subscriptions/<uid>/suspension")
bp.add_app_template_filter(lambda cause: SUSPENSIONS.get(cause, ""), "suspension_cause")


class SuspensionForm(FlaskForm):
    cause = SelectField(_l("Cause"))
    facts = StringField(
        _l("Faits, tels que le client les lira"),
        [DataRequired(_l("Dites ce qui s'est passé.")), Length(max=300)],
        filters=[trim],
    )


class LiftForm(FlaskForm):
    why = StringField(
        _l("Pourquoi la suspension est levée"),
        [DataRequired(_l("Dites pourquoi.")), Length(max=300)],
        filters=[trim],
    )


def _form(subscription: Subscription) -> SuspensionForm:
    form, listed = SuspensionForm(), causes_to_suspend(subscription)
    form.cause.choices = [SelectChoice(each, SUSPENSIONS[each]) for each in (listed.value if listed else ())]
    return form


@bp.get("")
@requires(Permission.CONTRACT_END)
def new_suspension(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    return _page(subscription, _form(subscription), LiftForm(formdata=None))


def _page(subscription: Subscription, form: SuspensionForm, lifting: LiftForm, status: int = 200) -> Response:
    page = render_template(
        "endings/suspension.html",
        subscription=subscription,
        form=form,
        lifting=lifting,
        listed=causes_to_suspend(subscription),
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.CONTRACT_END)
def create_suspension(uid: str) -> Response:
    if asking := confirm_first(url_for(".new_suspension", uid=uid)):
        return asking
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = _form(subscription)
    if form.validate():
        with saving(form, WHOLE):
            suspend_at_once(subscription, form.cause.data, form.facts.data, by=g.actor)
    if form.errors or form.form_errors:
        again = get_or_404(Subscription.visible_to(g.actor), uid)
        return _page(again, form, LiftForm(formdata=None), 422)
    return htmx.go(url_for(".new_suspension", uid=uid), toast=_("C'est fait ; le client est averti."))


@bp.post("/lifting")
@requires(Permission.CONTRACT_END)
def lift_suspension(uid: str) -> Response:
    subscription, form = get_or_404(Subscription.visible_to(g.actor), uid), LiftForm()
    if form.validate():
        with saving(form, "why"):
            lift(subscription, form.why.data, by=g.actor)
    if form.errors:
        again = get_or_404(Subscription.visible_to(g.actor), uid)
        return _page(again, _form(again), form, 422)
    return htmx.go(url_for(".new_suspension", uid=uid), toast=_("La suspension est levée."))


@subscription_link(rank=91)
def suspend_link(subscription: Subscription) -> list[Link] | None:
    offered = causes_to_suspend(subscription) is not None or subscription.suspended_cause
    if not may(Permission.CONTRACT_END) or subscription.is_over or not offered:
        return None
    words = _("Suspension") if subscription.suspended_on else _("Suspendre")
    return [Link(url_for("suspensions.new_suspension", uid=subscription.uid), words, "slash-circle")]
