"""Mandates and the cockpit of what is due, for staff."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, func, select
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import ContactRole, Customer
from portal.customers.views import customer_panel
from portal.db import db
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.jobs import Task
from portal.journal import timeline
from portal.mail import mails_about
from portal.resellers.models import LegalEntity, issuer_for
from portal.sepa.debits import Scheme
from portal.sepa.forms import ConfirmationForm, FreezeForm, MandateForm, RevocationForm, SuspensionForm
from portal.sepa.large_freeze import latest_freeze
from portal.sepa.models import (
    Batch,
    Collection,
    CollectionState,
    Mandate,
    MandateState,
    next_collections,
    open_mandate,
    request_mandate,
)
from portal.sepa.models.freezing import due_collections

bp = Blueprint("sepa", __name__, url_prefix="/sepa")
PAGE = 25
_JUDGED = 500  # rows of one creditor whose problems the cockpit looks for


def page_of(query: Select[Any], model: Any, after: str) -> tuple[list[Any], str]:
    """The 25 rows after a cursor, newest first, and the cursor of the next page."""
    if after.isdigit() and len(after) < 18:
        query = query.where(model.id < int(after))
    rows = list(db.session.scalars(query.order_by(model.id.desc()).limit(PAGE + 1)))
    return rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else ""


# Mandates


@bp.get("/mandates")
@requires(Permission.MANDATE_READ)
def list_mandates() -> Response:
    query, state = Mandate.visible_to(g.actor), request.args.get("state", "")
    if state in set(MandateState):
        query = query.where(Mandate.state == MandateState(state))
    rows, after = page_of(query, Mandate, request.args.get("after", ""))
    states = [s.value for s in MandateState if s != MandateState.DRAFT]
    return htmx.render(
        "sepa/mandates.html", "sepa/_mandates.html", mandates=rows, after=after, state=state, states=states
    )


@bp.get("/mandates/new/<customer_uid>")
@requires(Permission.MANDATE_WRITE)
def new_mandate(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    return _new_page(customer, MandateForm())


@bp.post("/mandates/new/<customer_uid>")
@requires(Permission.MANDATE_WRITE)
def create_mandate(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = MandateForm()
    if not form.validate():
        return _new_page(customer, form, 422)
    try:
        mandate, _token = request_mandate(customer, issuer_for(customer), scheme=form.scheme.data, by=g.actor)
    except Refused as refusal:
        if refusal.field is None:
            raise
        form.scheme.errors = [refusal.message]
        return _new_page(customer, form, 422)
    db.session.commit()
    return htmx.go(_address(mandate), toast=_("Le lien de signature part par e-mail."))


def _new_page(customer: Customer, form: MandateForm, status: int = 200) -> Response:
    entity = issuer_for(customer)
    page = render_template(
        "sepa/new.html",
        customer=customer,
        entity=entity,
        form=form,
        contact=customer.contact(ContactRole.SIGNATORY),
        waiting=open_mandate(customer, entity),
    )
    return make_response(page, status)


def _address(mandate: Mandate) -> str:
    return url_for("sepa.show_mandate", uid=mandate.uid)


@bp.get("/mandates/<uid>")
@requires(Permission.MANDATE_READ)
def show_mandate(uid: str) -> Response:
    return mandate_page(get_or_404(Mandate.visible_to(g.actor), uid))


def mandate_page(mandate: Mandate, status: int = 200, **forms: Any) -> Response:
    query = select(Collection).where(Collection.mandate_id == mandate.id)
    recent = list(db.session.scalars(query.order_by(Collection.due_on.desc()).limit(12)))
    today = clock.today()
    page = render_template(
        "sepa/mandate.html",
        mandate=mandate,
        customer=mandate.customer,
        entity=mandate.legal_entity,
        problem=mandate.problem(today),
        broken=mandate.broken_link(),
        collections=recent,
        today=today,
        revocation=forms.get("revocation") or RevocationForm(formdata=None, received_on=today),
        confirmation=forms.get("confirmation") or ConfirmationForm(formdata=None, on=today),
        suspension=forms.get("suspension") or SuspensionForm(formdata=None),
        events=timeline(mandate),
        mails=mails_about(mandate, *recent),
        contact=mandate.customer.contact(ContactRole.SIGNATORY),
    )
    return make_response(page, status)


@bp.post("/mandates/<uid>/link")
@requires(Permission.MANDATE_WRITE)
def resend_link(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    mandate.resend(by=g.actor)
    db.session.commit()
    return htmx.go(_address(mandate), toast=_("Un nouveau lien part ; le précédent ne sert plus."))


@bp.post("/mandates/<uid>/revocation")
@requires(Permission.MANDATE_WRITE)
def revoke_mandate(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    form = RevocationForm()
    if not form.validate():
        return mandate_page(mandate, 422, revocation=form)
    try:
        mandate.revoke(received_on=form.received_on.data, notice_months=form.notice_months.data, by=g.actor)
    except Refused as refusal:
        form.received_on.errors = [refusal.message]
        return mandate_page(mandate, 422, revocation=form)
    db.session.commit()
    return htmx.go(_address(mandate), toast=_("Le mandat %(rum)s est révoqué.", rum=mandate.rum))


@bp.post("/mandates/<uid>/bank-confirmation")
@requires(Permission.MANDATE_WRITE)
def confirm_mandate(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    form = ConfirmationForm()
    if not form.validate():
        return mandate_page(mandate, 422, confirmation=form)
    try:
        mandate.confirm_at_bank(on=form.on.data, by=g.actor)
    except Refused as refusal:
        form.on.errors = [refusal.message]
        return mandate_page(mandate, 422, confirmation=form)
    db.session.commit()
    return htmx.go(_address(mandate), toast=_("La confirmation de la banque est notée."))


# Collections


@dataclass(frozen=True, slots=True)
class DueDay:
    due_on: date
    hand_in_by: date
    count: int
    cents: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Due:
    """What one creditor will debit under one scheme."""

    entity: LegalEntity
    scheme: Scheme
    days: list[DueDay]
    blocked: list[tuple[Collection, str]]
    partial: bool  # too many rows to judge them all
    form: FreezeForm
    task: Task | None  # that freezes them now, or could not


def _due(entity: LegalEntity, scheme: Scheme) -> Due | None:
    today = clock.today()
    query = due_collections(entity, scheme, date.max).limit(_JUDGED + 1)
    rows = list(db.session.scalars(query))
    if not rows:
        return None
    blocked = [(row, sentence) for row in rows[:_JUDGED] if (sentence := row.problem(today))]
    stopped = {row.id for row, _sentence in blocked}
    days = []
    for (due_on, hand_in_by), group in groupby(rows[:_JUDGED], lambda row: (row.due_on, row.hand_in_by)):
        members = list(group)
        free = [row.amount_cents for row in members if row.id not in stopped]
        days.append(DueDay(due_on, hand_in_by, len(free), sum(free), len(members) - len(free)))
    return Due(
        entity,
        scheme,
        days,
        blocked,
        len(rows) > _JUDGED,
        _freeze_form(entity, scheme, days),
        latest_freeze(entity, scheme),
    )


def _freeze_form(entity: LegalEntity, scheme: Scheme, days: list[DueDay]) -> FreezeForm:
    form = FreezeForm(formdata=None, entity=entity.uid, scheme=scheme)
    count = cents = 0
    form.through.choices = []
    for day in days:
        count, cents = count + day.count, cents + day.cents
        if day.count:
            number = ngettext("%(num)d prélèvement", "%(num)d prélèvements", count)
            text = _("jusqu'au %(day)s", day=plain_day(day.due_on))
            label = f"{text} – {number}, {eur(cents)}"
            form.through.choices.append(SelectChoice(day.due_on.isoformat(), label))
    return form


def _held() -> list[Collection]:
    query = Collection.visible_to(g.actor).where(Collection.state == CollectionState.HELD)
    return list(db.session.scalars(query.order_by(Collection.due_on).limit(100)))


@bp.get("/collections")
@requires(Permission.BATCH_READ)
def cockpit() -> Response:
    """What is due by date, what is stopped and why, and the button that freezes the batch."""
    entities = list(db.session.scalars(LegalEntity.visible_to(g.actor).order_by(LegalEntity.name)))
    schemes: tuple[Scheme, Scheme] = ("CORE", "B2B")
    dues = [due for entity in entities for scheme in schemes if (due := _due(entity, scheme))]
    totals = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Collection.amount_cents), 0)).where(
            Collection.state == CollectionState.ANNOUNCED
        )
    ).one()
    recent, _after = page_of(Batch.visible_to(g.actor), Batch, "")
    page = render_template(
        "sepa/cockpit.html",
        dues=dues,
        count=totals[0],
        cents=int(totals[1]),
        batches=recent[:5],
        blocked=sum(len(due.blocked) for due in dues),
        held=_held(),
        reasons=Counter(why for due in dues for _row, why in due.blocked).most_common(),
    )
    return make_response(page)


@bp.post("/collections/<uid>/cancellation")
@requires(Permission.BATCH_WRITE)
def cancel_collection(uid: str) -> Response:
    collection = get_or_404(Collection.visible_to(g.actor), uid)
    collection.cancel(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".cockpit"), toast=_("Le prélèvement %(r)s est annulé.", r=collection.reference))


@bp.post("/collections/<uid>/new-date")
@requires(Permission.BATCH_WRITE)
def postpone_collection(uid: str) -> Response:
    collection = get_or_404(Collection.visible_to(g.actor), uid)
    collection.postpone(by=g.actor)
    db.session.commit()
    day = plain_day(collection.due_on)
    return htmx.go(url_for(".cockpit"), toast=_("Nouvelle date annoncée au client : %(day)s.", day=day))


@customer_panel
def panel(customer: Customer) -> tuple[str, dict[str, Any]]:
    query = select(Mandate).where(Mandate.customer_id == customer.id).order_by(Mandate.id.desc())
    mandates = list(db.session.scalars(query.limit(5)))
    return "sepa/_panel.html", {"mandates": mandates, "debits": next_collections(customer)}
