"""Assigning a contract: what it would mean, before anything is asked; then the provider's decision."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.answers.rules.periods import last_usable_day
from portal.assignments.acts import agree, ask_assignment, cancel, refuse, replan, send_links
from portal.assignments.forms import AssignmentForm, DecisionForm, RefusalForm
from portal.assignments.models import (
    AssignmentState,
    AssignmentWish,
    ContractAssignment,
    Side,
    assignments_of,
    open_assignment,
    open_wish,
)
from portal.assignments.paper import frees_text
from portal.assignments.planning import Plan, plan_assignment, transferee_named
from portal.assignments.wishes import refuse_wish
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, refusals_in, saving
from portal.journal import timeline
from portal.mail import mails_about
from portal.panels import Link, Panel
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.panels import subscription_link, subscription_panel

bp = Blueprint("assignments", __name__)
bp.add_app_template_filter(frees_text, "frees_text")
bp.add_app_template_filter(last_usable_day, "day_before")


def _plan(subscription: Subscription, form: AssignmentForm) -> Plan | None:
    """What the form leads to, or None with the refusal beside its field."""
    if form.errors:
        return None
    with refusals_in(form, WHOLE):
        transferee = transferee_named(subscription, form.to.data)
        return plan_assignment(subscription, transferee, form.effective_on.data)
    return None


def _page(
    subscription: Subscription,
    form: AssignmentForm,
    status: int = 200,
    asked: bool = True,
    refusal: RefusalForm | None = None,
) -> Response:
    plan = _plan(subscription, form) if asked else None
    if plan is not None and form.to.data == plan.transferee.uid:
        form.to.data = plan.transferee.name
    return htmx.render(
        "assignments/new.html",
        "assignments/_plan.html",
        status,
        subscription=subscription,
        form=form,
        plan=plan,
        clause=subscription.present_terms.find("transfer.needs_consent"),
        waiting=open_assignment(subscription),
        wish=open_wish(subscription),
        refusal=refusal or RefusalForm(formdata=None),
    )


@bp.get("/subscriptions/<uid>/assignment")
@requires(Permission.ASSIGNMENT_WRITE)
def new_assignment(uid: str) -> Response:
    """What an assignment would mean, before anything is asked; changes with the form."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    if not request.args:
        return _page(subscription, AssignmentForm(formdata=None), asked=False)
    form = AssignmentForm(request.args, meta={"csrf": False})
    form.validate()
    return _page(subscription, form)


@bp.post("/subscriptions/<uid>/assignment")
@requires(Permission.ASSIGNMENT_WRITE)
def create_assignment(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(of=Subscription), uid)
    form = AssignmentForm()
    if form.validate():
        with saving(form, WHOLE):
            transferee = transferee_named(subscription, form.to.data)
            day, seen = form.effective_on.data, form.seen.data or ""
            row = ask_assignment(subscription, transferee, day, seen, by=g.actor)
        if not form.errors and not form.form_errors:
            toast = _("Les deux liens partent : chacun signe sa demande.")
            return htmx.go(url_for(".show_assignment", uid=row.uid), toast=toast)
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)


@bp.post("/subscriptions/<uid>/assignment/wish-refusal")
@requires(Permission.ASSIGNMENT_WRITE)
def refuse_wished(uid: str) -> Response:
    """The house does not open what a customer has asked for, and says why."""
    subscription, form = get_or_404(Subscription.visible_to(g.actor), uid), RefusalForm()
    query = AssignmentWish.visible_to(g.actor).where(AssignmentWish.subscription_id == subscription.id)
    row = db.session.scalars(query.order_by(AssignmentWish.id.desc()).with_for_update()).first()
    if row is None:
        raise Refused(_("Aucune cession de ce contrat n'est demandée."))
    if not form.validate():
        return _page(subscription, AssignmentForm(formdata=None), 422, asked=False, refusal=form)
    refuse_wish(row, form.reason.data, by=g.actor)
    db.session.commit()
    address = url_for("subscriptions.show_subscription", uid=uid)
    return htmx.go(address, toast=_("Refus enregistré : le contrat reste où il est."))


@bp.get("/assignments/<uid>")
@requires(Permission.ASSIGNMENT_READ)
def show_assignment(uid: str) -> Response:
    row = get_or_404(ContractAssignment.visible_to(g.actor), uid)
    return _shown(row, DecisionForm(formdata=None), RefusalForm(formdata=None))


def _shown(row: ContractAssignment, form: DecisionForm, refusal: RefusalForm, status: int = 200) -> Response:
    plan = None
    if row.state in (AssignmentState.ASKED, AssignmentState.SUBMITTED):
        with refusals_in(form, WHOLE):
            plan = replan(row)
    page = render_template(
        "assignments/show.html",
        row=row,
        plan=plan,
        form=form,
        refusal=refusal,
        sides=list(Side),
        events=timeline(row),
        mails=mails_about(row),
    )
    return make_response(page, status)


def _held(uid: str) -> ContractAssignment:
    query = ContractAssignment.visible_to(g.actor).with_for_update(of=ContractAssignment)
    return get_or_404(query, uid)


@bp.post("/assignments/<uid>/agreement")
@requires(Permission.ASSIGNMENT_DECIDE)
def agree_to_assignment(uid: str) -> Response:
    if asking := confirm_first(url_for(".show_assignment", uid=uid)):
        return asking
    row, form = _held(uid), DecisionForm()
    if form.validate():
        with saving(form, WHOLE):
            agree(row, form.seen.data or "", frees=form.frees.data, by=g.actor)
    if form.errors or form.form_errors:
        return _shown(_held(uid), form, RefusalForm(formdata=None), 422)
    return _back(row, _("Accord donné : l'acte part aux deux clients et au revendeur."))


@bp.post("/assignments/<uid>/refusal")
@requires(Permission.ASSIGNMENT_DECIDE)
def refuse_assignment(uid: str) -> Response:
    row, form = _held(uid), RefusalForm()
    if not form.validate():
        return _shown(row, DecisionForm(formdata=None), form, 422)
    refuse(row, form.reason.data, by=g.actor)
    db.session.commit()
    return _back(row, _("Refus enregistré : le contrat reste où il est."))


@bp.post("/assignments/<uid>/link")
@requires(Permission.ASSIGNMENT_WRITE)
def send_again(uid: str) -> Response:
    row = _held(uid)
    send_links(row, by=g.actor)
    db.session.commit()
    return _back(row, _("De nouveaux liens partent à qui n'a pas signé."))


@bp.post("/assignments/<uid>/cancellation")
@requires(Permission.ASSIGNMENT_WRITE)
def cancel_assignment(uid: str) -> Response:
    row = _held(uid)
    cancel(row, by=g.actor)
    db.session.commit()
    return _back(row, _("La cession est abandonnée : rien n'a bougé."))


def _back(row: ContractAssignment, toast: str) -> Response:
    return htmx.go(url_for(".show_assignment", uid=row.uid), toast=toast)


@subscription_link(rank=35)
def assign_link(subscription: Subscription) -> list[Link] | None:
    withdrawn = subscription.state == SubscriptionState.WITHDRAWN
    if not may(Permission.ASSIGNMENT_WRITE) or subscription.is_over or withdrawn:
        return None
    address = url_for("assignments.new_assignment", uid=subscription.uid)
    return [Link(address, _("Céder le contrat"), "arrow-left-right")]


@subscription_panel(rank=13)
def assignments_panel(subscription: Subscription) -> Panel | None:
    if not may(Permission.ASSIGNMENT_READ):
        return None
    rows: list[Any] = assignments_of(subscription)
    return Panel("assignments/_panel.html", {"rows": rows, "sides": list(Side)}) if rows else None
