"""Tickets of a customer: list, open, follow, write, confirm, contest."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.availability.caps import caps_of
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.notes import takes_notes
from portal.paging import page_of
from portal.panels import Panel
from portal.scans import LARGEST_SCAN
from portal.subscriptions.models import GOING_ON, Subscription
from portal.tickets.acts import contest_closing, hear_customer, open_ticket, post_claim
from portal.tickets.clocks import claim_standing, clocks_of, keep_due, may_contest, rights_of, value_of
from portal.tickets.forms import (
    AnswerForm,
    ClosingForm,
    ConfirmationForm,
    ContestForm,
    ContractForm,
    MessageForm,
    PostedForm,
    ReportForm,
    TicketForm,
)
from portal.tickets.grading import grade_form
from portal.tickets.kinds import CLAIMS, MOST_FILES, Source, TicketKind
from portal.tickets.lists import TICKETS
from portal.tickets.models import Ticket, TicketText, find_ticket
from portal.tickets.report import duration_of, first_text, in_words, needs_report
from portal.tickets.scope import billing_value, work_on
from portal.tickets.severities import kinds_of, severities_of, severity_word

bp = Blueprint("tickets", __name__, url_prefix="/tickets")
takes_notes(Ticket, Permission.TICKET_READ, "tickets.show")
_WITH_FILES = {"tickets.create", "tickets.write", "ticket_work.answer", "ticket_work.log_call"}


@bp.app_url_value_preprocessor
def allow_files(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: these carry files."""
    if endpoint in _WITH_FILES:
        request.max_content_length = MOST_FILES * LARGEST_SCAN + 65_536


def get_ticket(uid: str) -> Ticket:
    row: Ticket = get_or_404(Ticket.visible_to(g.actor), uid)
    return row


@bp.get("")
@requires(Permission.TICKET_READ)
def list_tickets() -> Response:
    return list_page(TICKETS, "tickets/list.html")


def running(customer: Customer) -> list[Subscription]:
    """What a ticket may be about, seen by whoever acts."""
    query = Subscription.visible_to(g.actor).where(Subscription.customer_id == customer.id)
    rows = db.session.scalars(query.where(Subscription.state.in_(GOING_ON)).order_by(Subscription.id))
    return [row for row in rows if not row.is_over]


def chosen(customer: Customer) -> tuple[list[Subscription], Subscription | None]:
    """The subscriptions, and the one that the address names; the only one is chosen by itself."""
    rows = running(customer)
    wanted = request.values.get("subscription", rows[0].uid if len(rows) == 1 else "")
    return rows, next((row for row in rows if row.uid == wanted), None)


def offer(form: TicketForm, subscription: Subscription | None) -> None:
    stack = subscription.present_terms if subscription else None
    form.offer(kinds_of(stack), severities_of(stack) if stack else [])


def _hers() -> Customer:
    """The customer whose person acts."""
    query = select(Customer).where(Customer.organisation_id == g.actor.organisation_id)
    return db.session.scalars(query).one()


def _new_page(form: TicketForm, status: int = 200) -> Response:
    rows, subscription = chosen(_hers())
    offer(form, subscription)
    page = render_template("tickets/new.html", form=form, subscriptions=rows, subscription=subscription)
    return make_response(page, status)


@bp.get("/new")
@requires(Permission.TICKET_OPEN)
def new() -> Response:
    return _new_page(TicketForm(formdata=None))


@bp.post("/new")
@requires(Permission.TICKET_OPEN)
def create() -> Response:
    form, (_rows, subscription) = TicketForm(), chosen(_hers())
    offer(form, subscription)
    if form.validate():
        with saving(form, WHOLE):
            row = open_ticket(
                _hers(), **typed(form), subscription=subscription, source=Source.SPACE, by=g.actor
            )
    if form.errors or form.form_errors:
        return _new_page(form, 422)
    return htmx.go(url_for(".show", uid=row.uid), toast=_("Ticket %(number)s ouvert.", number=row.number))


def typed(form: TicketForm) -> dict[str, Any]:
    kind = TicketKind(form.kind.data)
    return {
        "kind": kind,
        "severity": form.grade if kind == TicketKind.INCIDENT else None,
        "subject": form.subject.data or "",
        "text": form.text.data or "",
        "known_on": form.known_on.data,
        "posted_on": form.posted_on.data,
        "wished_on": form.wished_on.data,
        "files": form.sent,
    }


def contract_form(row: Ticket, typed: Any = None) -> ContractForm:
    """Which contract a ticket without one may be about; typed: what was sent."""
    form = ContractForm(formdata=typed)
    form.subscription.choices = [(each.uid, each.label) for each in running(row.customer)]
    return form


def page_of_ticket(row: Ticket, status: int = 200, **forms: FlaskForm) -> Response:
    shown: dict[str, Any] = {
        "message": MessageForm(formdata=None),
        "answer": AnswerForm(formdata=None),
        "grade": grade_form(row),
        "contract": contract_form(row),
        "confirmation": ConfirmationForm(formdata=None),
        "closing": ClosingForm(formdata=None),
        "contest": ContestForm(formdata=None),
        "posted": PostedForm(formdata=None),
        "report": ReportForm(formdata=None, report_text=row.report_text or first_text(row)),
        **forms,
    }
    page = render_template("tickets/show.html", ticket=row, **_facts(row), **shown)
    return make_response(page, status)


def _event_day(row: Ticket) -> date:
    return row.known_on or clock.paris_day(row.created_at)


def _facts(row: Ticket) -> dict[str, Any]:
    texts = TicketText.visible_to(g.actor).where(TicketText.organisation_id == g.actor.organisation_id)
    minutes = value_of(row, "ticket.confirmation_minutes")
    return {
        "clocks": clocks_of(row),
        "rights": rights_of(row),
        "claim": claim_standing(row),
        "severity": severity_word(row),
        "duration": in_words(duration_of(row)),
        "began_at": row.interruption_began_at(minutes.value) if minutes and row.severity == 1 else None,
        "contestable": may_contest(row),
        "caps": caps_of(row.subscription, _event_day(row)) if row.kind in CLAIMS and row.subscription else [],
        "reporting": needs_report(row),
        "work": work_on(row),
        "billing": billing_value(row),
        "may_confirm": bool(minutes) and row.confirmed_at is None and row.source != Source.WALL,
        "follows": find_ticket(row.follows_uid) if row.follows_uid else None,
        "texts": list(db.session.scalars(texts.order_by(TicketText.name))),
        "events": timeline(row),
        "mails": mails_about(row),
    }


def back(row: Ticket, said: str = "") -> Response:
    return htmx.go(url_for("tickets.show", uid=row.uid), toast=said)


@bp.get("/<uid>")
@requires(Permission.TICKET_READ)
def show(uid: str) -> Response:
    return page_of_ticket(get_ticket(uid))


@bp.post("/<uid>/messages")
@requires(Permission.TICKET_OPEN)
def write(uid: str) -> Response:
    """She writes; to a closed ticket it contests, or opens another one."""
    row, form = get_ticket(uid), MessageForm()
    if form.validate():
        with saving(form, WHOLE):
            heard = hear_customer(row, form.text.data or "", files=form.sent, by=g.actor)
    if form.errors or form.form_errors:
        return page_of_ticket(get_ticket(uid), 422, message=form)
    if heard.uid == uid:
        return back(heard, _("Message envoyé."))
    said = _("Ce ticket est clos pour de bon : le ticket %(number)s est ouvert.", number=heard.number)
    return back(heard, said)


@bp.post("/<uid>/confirmation")
@requires(Permission.TICKET_OPEN)
def confirm(uid: str) -> Response:
    row = get_ticket(uid)
    row.confirm(by=g.actor)
    keep_due(row)
    db.session.commit()
    return back(row, _("Déclaration confirmée."))


@bp.post("/<uid>/contest")
@requires(Permission.TICKET_OPEN)
def contest(uid: str) -> Response:
    row, form = get_ticket(uid), ContestForm()
    if form.validate():
        with saving(form, "text"):
            contest_closing(row, form.text.data or "", by=g.actor)
    if form.errors:
        return page_of_ticket(get_ticket(uid), 422, contest=form)
    return back(row, _("Clôture contestée : le même ticket continue."))


@bp.post("/<uid>/letter")
@requires(Permission.TICKET_OPEN)
def note_letter(uid: str) -> Response:
    """She says on which day she posted the letter of her claim."""
    row, form = get_ticket(uid), PostedForm()
    if form.validate():
        with saving(form, "posted_on"):
            post_claim(row, form.posted_on.data, by=g.actor)
    if form.errors:
        return page_of_ticket(get_ticket(uid), 422, posted=form)
    return back(row)


@customer_panel(rank=58)
def tickets_panel(customer: Customer) -> Panel | None:
    if not may(Permission.TICKET_READ):
        return None
    query = Ticket.visible_to(g.actor).where(Ticket.customer_id == customer.id)
    rows = page_of(query, Ticket.id.desc(), name="tickets")
    return Panel("tickets/_panel.html", {"tickets": rows, "customer": customer})
