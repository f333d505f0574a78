"""The provider ends a contract: cause and facts, what the rules answer, and the procedure step by step."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.file import FileField
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.answers.provider_ends import Cause, causes_of
from portal.db import db
from portal.endings.acting import delay_text, drop, give_end, looked_at, notice_of, open_procedure
from portal.endings.forms import DropForm, EndingForm, FollowedForm, PostedForm, WornForm
from portal.endings.models import ProviderEnding, endings_of, open_ending
from portal.endings.unused import keep_unused
from portal.endings.worn import charge_worn, worn_charges, worn_rule
from portal.forms import WHOLE, refusals_in, saving
from portal.journal import timeline
from portal.mail import mails_about
from portal.panels import Link, Panel
from portal.scans import LARGEST_SCAN
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.panels import subscription_link, subscription_panel
from portal.subscriptions.termination import Termination, work_out
from portal.words.clauses import CHOICES

bp = Blueprint("endings", __name__)
bp.add_app_template_filter(delay_text, "ending_delay")
bp.add_app_template_filter(lambda cause: CHOICES[cause], "ending_cause")


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: these carry a file."""
    if endpoint in {"endings.note_posted", "endings.note_followed", "endings.charge_hardware"}:
        request.max_content_length = LARGEST_SCAN + 65_536


def _form(subscription: Subscription, **more: Any) -> EndingForm:
    form = EndingForm(**more)
    causes = causes_of(subscription.present_terms)
    form.cause.choices = [SelectChoice(each.name, CHOICES[each.name]) for each in causes]
    return form


def _chosen(subscription: Subscription, form: EndingForm) -> Cause | None:
    causes = causes_of(subscription.present_terms)
    return next((each for each in causes if each.name == form.cause.data), None)


@bp.get("/subscriptions/<uid>/ending")
@requires(Permission.CONTRACT_END)
def new_ending(uid: str) -> Response:
    """What an end for a cause would mean, before anything is decided."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = _form(subscription, formdata=request.args, meta={"csrf": False})
    if request.args:
        form.validate()
    return _new_page(subscription, form)


def _new_page(subscription: Subscription, form: EndingForm, status: int = 200) -> Response:
    cause, result = _chosen(subscription, form), None
    if cause is not None and not form.errors:
        with refusals_in(form, WHOLE):
            result = looked_at(subscription, cause, form.since_on.data, form.stops_on.data)
    ready = cause is not None and not form.errors and not form.form_errors
    page = render_template(
        "endings/new.html",
        subscription=subscription,
        form=form,
        cause=cause if ready else None,
        result=result,
    )
    return make_response(page, status)


@bp.post("/subscriptions/<uid>/ending")
@requires(Permission.CONTRACT_END)
def create_ending(uid: str) -> Response:
    if asking := confirm_first(url_for(".new_ending", uid=uid)):
        return asking
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = _form(subscription)
    if form.validate():
        with saving(form, WHOLE):
            row = open_procedure(
                subscription,
                form.cause.data,
                form.facts.data,
                since_on=form.since_on.data,
                stops_on=form.stops_on.data,
                by_itself=form.by_itself.data,
                by=g.actor,
            )
        if not form.errors:
            return htmx.go(
                url_for(".show_ending", uid=row.uid), toast=_("C'est fait ; le client est averti.")
            )
    return _new_page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)


@bp.post("/subscriptions/<uid>/unused")
@requires(Permission.CONTRACT_END)
def keep_account(uid: str) -> Response:
    """Nobody uses it, and it is not ended for that."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    keep_unused(subscription, by=g.actor)
    db.session.commit()
    url = url_for("subscriptions.show_subscription", uid=uid)
    return htmx.go(url, toast=_("Le compte reste ouvert."))


@bp.get("/endings/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show_ending(uid: str) -> Response:
    return _page(get_or_404(ProviderEnding.visible_to(g.actor), uid))


def _look_ahead(row: ProviderEnding) -> Termination | None:
    """What an end of today would lead to, where the delay is over."""
    return work_out(row.subscription, notice_of(row)) if row.is_ripe else None


def _page(row: ProviderEnding, status: int = 200, **forms: Any) -> Response:
    page = render_template(
        "endings/show.html",
        ending=row,
        subscription=row.subscription,
        result=_look_ahead(row),
        posted=forms.get("posted") or PostedForm(formdata=None),
        followed=forms.get("followed")
        or FollowedForm(
            formdata=None, first_presented_on=row.first_presented_on, received_on=row.received_on
        ),
        dropped=forms.get("dropped") or DropForm(formdata=None),
        worn_rule=worn_rule(row),
        worn=worn_charges(row),
        worn_form=forms.get("worn_form") or WornForm(formdata=None),
        events=timeline(row),
        mails=mails_about(row.subscription),
        today=clock.today(),
    )
    return make_response(page, status)


def _scanned(field: FileField) -> bytes:
    return field.data.read() if field.data else b""


@bp.post("/endings/<uid>/posting")
@requires(Permission.CONTRACT_END)
def note_posted(uid: str) -> Response:
    row, form = get_or_404(ProviderEnding.visible_to(g.actor), uid), PostedForm()
    if form.validate():
        with saving(form, WHOLE):
            row.post(form.posted_on.data, form.tracking.data, by=g.actor)
            if scan := _scanned(form.scan):
                row.keep_scan(scan)
    if form.errors or form.form_errors:
        return _page(get_or_404(ProviderEnding.visible_to(g.actor), uid), 422, posted=form)
    return htmx.go(url_for(".show_ending", uid=uid), toast=_("Le dépôt est noté."))


@bp.post("/endings/<uid>/delivery")
@requires(Permission.CONTRACT_END)
def note_followed(uid: str) -> Response:
    row, form = get_or_404(ProviderEnding.visible_to(g.actor), uid), FollowedForm()
    if form.validate():
        with saving(form, WHOLE):
            days = form.first_presented_on.data, form.received_on.data, form.returned_on.data
            row.follow(*days, by=g.actor)
            if scan := _scanned(form.scan):
                row.keep_scan(scan)
    if form.errors or form.form_errors:
        return _page(get_or_404(ProviderEnding.visible_to(g.actor), uid), 422, followed=form)
    return htmx.go(url_for(".show_ending", uid=uid), toast=_("La remise est notée."))


@bp.post("/endings/<uid>/end")
@requires(Permission.CONTRACT_END)
def end_contract(uid: str) -> Response:
    """The delay is over: the contract ends on the day that was shown."""
    if asking := confirm_first(url_for(".show_ending", uid=uid)):
        return asking
    row = get_or_404(ProviderEnding.visible_to(g.actor), uid)
    day = give_end(row, by=g.actor).ends_on.strftime("%d/%m/%Y")
    db.session.commit()
    return htmx.go(url_for(".show_ending", uid=uid), toast=_("Fin le %(day)s.", day=day))


@bp.post("/endings/<uid>/drop")
@requires(Permission.CONTRACT_END)
def drop_ending(uid: str) -> Response:
    row, form = get_or_404(ProviderEnding.visible_to(g.actor), uid), DropForm()
    if form.validate():
        with saving(form, "why"):
            drop(row, form.why.data, by=g.actor)
    if form.errors:
        return _page(get_or_404(ProviderEnding.visible_to(g.actor), uid), 422, dropped=form)
    return htmx.go(url_for(".show_ending", uid=uid), toast=_("La procédure est abandonnée."))


@bp.post("/endings/<uid>/hardware")
@requires(Permission.CONTRACT_END)
def charge_hardware(uid: str) -> Response:
    """Worn out by unreasonable use: the supplier's invoice is charged on."""
    row, form = get_or_404(ProviderEnding.visible_to(g.actor), uid), WornForm()
    if form.validate():
        with saving(form, WHOLE):
            charge_worn(
                row,
                form.number.data or "",
                form.invoiced_on.data,
                form.cents.data or 0,
                _scanned(form.paper),
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return _page(get_or_404(ProviderEnding.visible_to(g.actor), uid), 422, worn_form=form)
    return htmx.go(url_for(".show_ending", uid=uid), toast=_("Le matériel est refacturé."))


@subscription_link(rank=90)
def end_link(subscription: Subscription) -> list[Link] | None:
    if not may(Permission.CONTRACT_END) or subscription.state not in GOING_ON:
        return None
    if open_ending(subscription) is not None:
        return None
    address = url_for("endings.new_ending", uid=subscription.uid)
    return [Link(address, _("Mettre fin au contrat"), "calendar-x")]


@subscription_panel(rank=7)
def endings_panel(subscription: Subscription) -> Panel | None:
    rows = endings_of(subscription)
    return Panel("endings/_panel.html", {"rows": rows}) if rows else None
