"""Restore requests: list, log, follow, browse, hand over, bill."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.engine.handed_over import downloads, handed_over
from portal.engine.models import Vault
from portal.engine.panels import fetch_panel
from portal.errors import Refused
from portal.forms import saving
from portal.i18n import instant
from portal.journal import timeline
from portal.links import SignedLink
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.money import euros, parse_euros
from portal.notes import takes_notes
from portal.panels import Panel
from portal.restore_requests.forms import BillingForm, RequestForm
from portal.restore_requests.inventory import Inventory
from portal.restore_requests.lists import RESTORES
from portal.restore_requests.models import (
    Cause,
    RestoreKind,
    RestoreRequest,
    find_request,
    open_request,
    requests_of,
)
from portal.restore_requests.settling import billed_work, usual_cents
from portal.restore_requests.settling import settle as settle_restore

bp = Blueprint("restore_requests", __name__, url_prefix="/restore-requests")


takes_notes(RestoreRequest, Permission.RESTORE_READ, "restore_requests.show_request")


def _get(uid: str) -> RestoreRequest:
    row: RestoreRequest = get_or_404(RestoreRequest.visible_to(g.actor), uid)
    return row


@bp.get("")
@requires(Permission.RESTORE_READ)
def list_requests() -> Response:
    return list_page(RESTORES, "restore_requests/list.html")


@bp.get("/new/<vault_uid>")
@requires(Permission.RESTORE_ASK)
def new_request(vault_uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), vault_uid)
    return make_response(render_template("restore_requests/new.html", vault=vault, form=RequestForm()))


@bp.post("/new/<vault_uid>")
@requires(Permission.RESTORE_ASK)
def create_request(vault_uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), vault_uid)
    form = RequestForm()
    if form.validate():
        with saving(form):
            row = _opened(vault, form)
    if form.errors:
        return make_response(render_template("restore_requests/new.html", vault=vault, form=form), 422)
    return htmx.go(url_for(".show_request", uid=row.uid), toast=_("Demande enregistrée, lien envoyé."))


def _opened(vault: Vault, form: RequestForm) -> RestoreRequest:
    return open_request(
        vault,
        kind=RestoreKind(form.kind.data),
        cause=Cause(form.cause.data),
        what=form.what.data.strip(),
        lost_on=form.lost_on.data,
        by=g.actor,
    )


def _show(row: RestoreRequest, form: BillingForm | None = None, status: int = 200) -> Response:
    documents = handed_over(row.uid)
    if form is None:
        usual = usual_cents(row)
        form = BillingForm(billed="yes" if row.billable else "no", price=euros(usual) if usual else "")
    page = render_template(
        "restore_requests/show.html",
        row=row,
        form=form,
        documents=documents,
        counts=downloads(documents),
        events=timeline(row),
        mails=mails_about(row),
        inventory=Inventory(row.uid),
        billed_work=billed_work(row),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.RESTORE_READ)
def show_request(uid: str) -> Response:
    return _show(_get(uid))


@bp.get("/<uid>/progress")
@requires(Permission.RESTORE_READ)
def progress(uid: str) -> Response:
    """Polled every two seconds while the worker or the customer has something to do."""
    row = _get(uid)
    if request.args.get("seen") != _mark(row):  # the page shows other things in the new state
        return htmx.go(url_for(".show_request", uid=uid))
    return htmx.poll_answer(
        "restore_requests/_progress.html", finished=not (row.is_working or row.waits_for_key), row=row
    )


@bp.app_template_global("restore_mark")
def _mark(row: RestoreRequest) -> str:
    return f"{row.state}-{row.run}"


@bp.post("/<uid>/key")
@requires(Permission.RESTORE_ASK)
def send_key_link(uid: str) -> Response:
    _get(uid).ask_key(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_request", uid=uid), toast=_("Un nouveau lien est parti."))


@bp.post("/<uid>/retry")
@requires(Permission.RESTORE_WORK)
def retry(uid: str) -> Response:
    row = _get(uid)
    if row.task is None:
        raise Refused(_("Il n'y a rien à relancer."))
    jobs.resume(row.task_kind, row.task_ref)
    db.session.commit()
    return htmx.go(url_for(".show_request", uid=uid), toast=_("Le travail reprend."))


@bp.post("/<uid>/check")
@requires(Permission.RESTORE_WORK)
def check(uid: str) -> Response:
    _get(uid).check(request.form.get("who", "").strip()[:120], by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_request", uid=uid), toast=_("Vérifié avec le client."))


@bp.post("/<uid>/billing")
@requires(Permission.RESTORE_WORK)
def settle(uid: str) -> Response:
    row, form = _get(uid), BillingForm()
    if form.validate():
        with saving(form, "price"):
            billed = form.billed.data == "yes"
            price = parse_euros(form.price.data or "") if billed and not billed_work(row) else 0
            settle_restore(row, billed=billed, price_cents=price, why=form.why.data or "", by=g.actor)
    if form.errors:
        return _show(row, form, 422)
    return htmx.go(url_for(".show_request", uid=uid))


@bp.post("/<uid>/cancellation")
@requires(Permission.RESTORE_ASK)
def cancel(uid: str) -> Response:
    _get(uid).cancel(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_request", uid=uid), toast=_("Demande annulée."))


@customer_panel(rank=60)
def restores_panel(customer: Customer) -> Panel:
    return Panel("restore_requests/_panel.html", {"requests": requests_of(customer), "customer": customer})


@fetch_panel()
def restored(link: SignedLink) -> Panel | None:
    row = find_request(link.subject_uid)
    return Panel("restore_requests/_fetch.html", {"row": row}) if row else None


@bp.app_template_filter()
def parsed_instant(value: str) -> Any:
    """An instant kept as text in the inventory."""
    return instant(datetime.fromisoformat(value)) if value else ""
