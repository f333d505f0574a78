"""Tickets of the support: a call, answers, grade, interruption, closing, report, ready texts."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.calling import (
    NOT_AUTHORISED,
    check_called_back,
    found_for,
    offer_callers,
    refuse_caller,
)
from portal.customers.models import Customer
from portal.db import db
from portal.desk.models import WorkKind, WorkOrder
from portal.desk.panels import work_subject
from portal.forms import WHOLE, saving
from portal.panels import Link
from portal.tickets import report as reports
from portal.tickets.acts import answer_ticket, close_ticket, grade, join_contract, open_ticket
from portal.tickets.clocks import keep_due
from portal.tickets.forms import AnswerForm, CallForm, ClosingForm, ConfirmationForm, ReportForm, TextForm
from portal.tickets.grading import grade_form
from portal.tickets.kinds import Source, TicketKind, Told
from portal.tickets.models import TicketText, find_ticket
from portal.tickets.scope import Finding, note_work
from portal.tickets.views import (
    back,
    chosen,
    contract_form,
    get_ticket,
    offer,
    page_of_ticket,
    running,
    typed,
)

bp = Blueprint("ticket_work", __name__, url_prefix="/tickets")
texts_bp = Blueprint("ticket_texts", __name__, url_prefix="/ticket-texts")


@bp.get("/call")
@requires(Permission.TICKET_WORK)
def new_call() -> Response:
    """First the customer."""
    text = request.args.get("q", "")[:100].strip()
    found, more = found_for(text)
    page = render_template(
        "customers/who_calls.html",
        q=text,
        found=found,
        more=more,
        title=_("Ticket par téléphone"),
        back=Link(url_for("tickets.list_tickets"), _("Tickets"), ""),
        here=url_for(".new_call"),
        call_view=".show_call",
    )
    return make_response(page)


def _call_form(customer: Customer, data: Any = None) -> CallForm:
    form = CallForm(formdata=data)
    offer_callers(form.caller, customer)
    offer(form, chosen(customer)[1])
    return form


def _call_page(
    customer: Customer, form: CallForm, status: int = 200, *, is_refused: bool = False
) -> Response:
    rows, subscription = chosen(customer)
    page = render_template(
        "tickets/call.html",
        customer=customer,
        form=form,
        subscriptions=rows,
        subscription=subscription,
        refused=is_refused,
    )
    return make_response(page, status)


@bp.get("/call/<customer_uid>")
@requires(Permission.TICKET_WORK)
def show_call(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    return _call_page(customer, _call_form(customer))


@bp.post("/call/<customer_uid>")
@requires(Permission.TICKET_WORK)
def log_call(customer_uid: str) -> Response:
    """Nobody's ticket is opened for somebody who is no contact of hers. Source: 004-12."""
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = _call_form(customer, request.form | request.files)
    if form.caller.data == NOT_AUTHORISED:
        refuse_caller(customer, by=g.actor)
        return _call_page(customer, form, 422, is_refused=True)
    check_called_back(form)
    if not form.errors:
        with saving(form, WHOLE):
            row = _logged(customer, form)
    if form.errors or form.form_errors:
        return _call_page(customer, form, 422)
    return back(row, _("Ticket %(number)s ouvert.", number=row.number))


def _logged(customer: Customer, form: CallForm) -> Any:
    caller = next(one for one in customer.contacts if one.uid == form.caller.data)
    row = open_ticket(
        customer,
        **typed(form),
        subscription=chosen(customer)[1],
        source=Source.PHONE,
        caller=caller.name,
        caller_check=caller.phone,
        by=g.actor,
    )
    row.take(by=g.actor)
    return row


@bp.post("/<uid>/owner")
@requires(Permission.TICKET_WORK)
def take(uid: str) -> Response:
    row = get_ticket(uid)
    if request.form.get("release"):
        row.let_go(by=g.actor)
    else:
        row.take(by=g.actor)
    db.session.commit()
    return back(row)


@bp.post("/<uid>/answers")
@requires(Permission.TICKET_WORK)
def answer(uid: str) -> Response:
    row, form = get_ticket(uid), AnswerForm()
    if form.validate():
        with saving(form, WHOLE):
            answer_ticket(row, form.text.data or "", asks=form.asks.data, files=form.sent, by=g.actor)
    if form.errors or form.form_errors:
        return page_of_ticket(get_ticket(uid), 422, answer=form)
    return back(row, _("Réponse envoyée."))


@bp.post("/<uid>/grade")
@requires(Permission.TICKET_WORK)
def set_grade(uid: str) -> Response:
    row = get_ticket(uid)
    form = grade_form(row, request.form)
    if form.validate():
        with saving(form, "severity"):
            number = str(form.severity.data or "")
            severity = int(number) if number.isdecimal() else None
            grade(row, TicketKind(form.kind.data), severity, by=g.actor)
    return page_of_ticket(get_ticket(uid), 422, grade=form) if form.errors else back(row)


@bp.post("/<uid>/subscription")
@requires(Permission.TICKET_WORK)
def choose_contract(uid: str) -> Response:
    """Of a ticket that came by mail without one."""
    row = get_ticket(uid)
    form = contract_form(row, request.form)
    if form.validate():
        found = {each.uid: each for each in running(row.customer)}
        with saving(form, "subscription"):
            join_contract(row, found[form.subscription.data], by=g.actor)
    if form.errors:
        return page_of_ticket(get_ticket(uid), 422, contract=form)
    return back(row, _("Abonnement choisi : ses délais comptent depuis l'ouverture du ticket."))


@bp.post("/<uid>/confirmation-note")
@requires(Permission.TICKET_WORK)
def note_confirmation(uid: str) -> Response:
    row, form = get_ticket(uid), ConfirmationForm()
    if form.validate():
        with saving(form, "confirmed"):
            row.confirm(form.confirmed.instant, by=g.actor)
            keep_due(row)
    return page_of_ticket(get_ticket(uid), 422, confirmation=form) if form.errors else back(row)


@bp.post("/<uid>/interruption")
@requires(Permission.TICKET_WORK)
def interrupt(uid: str) -> Response:
    row = get_ticket(uid)
    row.interrupt(by=g.actor)
    keep_due(row)
    db.session.commit()
    return back(row)


@bp.post("/<uid>/restoration")
@requires(Permission.TICKET_WORK)
def solve(uid: str) -> Response:
    """The service is back now."""
    row = get_ticket(uid)
    row.solve(by=g.actor)
    keep_due(row)
    db.session.commit()
    return back(row, _("Le rétablissement est noté : prévenez le client en fermant le ticket."))


@bp.post("/<uid>/closing")
@requires(Permission.TICKET_WORK)
def close(uid: str) -> Response:
    row, form = get_ticket(uid), ClosingForm()
    if form.validate():
        with saving(form, WHOLE):
            told = Told(form.told.data)
            note_work(row, Finding(form.finding.data), form.minutes.data, by=g.actor)
            close_ticket(
                row,
                form.solution.data or "",
                told,
                form.to.data or "",
                restored_at=form.at.instant,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return page_of_ticket(get_ticket(uid), 422, closing=form)
    return back(row, _("Ticket clos."))


@work_subject(rank=30)
def ticket_of(order: WorkOrder) -> Link | None:
    if order.kind != WorkKind.INCIDENT or (row := find_ticket(order.subject_uid)) is None:
        return None
    return Link(url_for("tickets.show", uid=row.uid), row.label, "")


@bp.post("/<uid>/report")
@requires(Permission.TICKET_WORK)
def report(uid: str) -> Response:
    row, form = get_ticket(uid), ReportForm()
    if form.validate():
        with saving(form, "report_text"):
            act = reports.hand_over if request.form.get("send") else reports.keep_text
            act(row, form.report_text.data or "", by=g.actor)
    if form.errors:
        return page_of_ticket(get_ticket(uid), 422, report=form)
    return back(row, _("Rapport remis au client.") if row.reported_at else _("Texte gardé."))


def _texts(form: TextForm, status: int = 200) -> Response:
    query = TicketText.visible_to(g.actor).where(TicketText.organisation_id == g.actor.organisation_id)
    rows = list(db.session.scalars(query.order_by(TicketText.name, TicketText.id)))
    return make_response(render_template("tickets/texts.html", rows=rows, form=form), status)


@texts_bp.get("")
@requires(Permission.TICKET_WORK)
def show_texts() -> Response:
    return _texts(TextForm(formdata=None))


@texts_bp.post("")
@requires(Permission.TICKET_WORK)
def add_text() -> Response:
    form = TextForm()
    if not form.validate():
        return _texts(form, 422)
    db.session.add(TicketText(organisation=g.actor.organisation, name=form.name.data, text=form.text.data))
    db.session.commit()
    return htmx.go(url_for(".show_texts"))


@texts_bp.post("/<uid>/removal")
@requires(Permission.TICKET_WORK)
def remove_text(uid: str) -> Response:
    row = get_or_404(TicketText.visible_to(g.actor), uid)
    db.session.delete(row)
    db.session.commit()
    return htmx.go(url_for(".show_texts"))
