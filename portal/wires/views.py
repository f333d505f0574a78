"""Transfers that came in, one by one: what the bank says, what they may pay, what was decided."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.forms import saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.resellers.issuing import run_by
from portal.wires.booking import book, dismiss
from portal.wires.forms import BookingForm, DismissalForm, sought
from portal.wires.lists import WIRES
from portal.wires.matching import already_noted, proposals
from portal.wires.models import IncomingTransfer, WireState

bp = Blueprint("wires", __name__, url_prefix="/wires")


@bp.get("")
@requires(Permission.WIRE_READ)
def list_wires() -> Response:
    return list_page(WIRES, "wires/list.html")


def _transfer(uid: str) -> IncomingTransfer:
    row: IncomingTransfer = get_or_404(run_by(IncomingTransfer, g.actor), uid)
    return row


def _page(row: IncomingTransfer, status: int = 200, **forms: Any) -> Response:
    """forms: those that were refused, by name."""
    waits, asked = row.state == WireState.WAITING, request.args.get("q", "")
    form = forms.get("form") or BookingForm(formdata=None)
    page = render_template(
        "wires/show.html",
        row=row,
        proposed=proposals(row) if waits else [],
        noted=already_noted(row) if waits else None,
        found=sought(row, asked) if waits else [],
        asked=asked,
        form=form,
        typed=form.typed(),
        dismissal=forms.get("dismissal") or DismissalForm(formdata=None),
        events=timeline(row),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.WIRE_READ)
def show(uid: str) -> Response:
    return _page(_transfer(uid))


@bp.post("/<uid>/booking")
@requires(Permission.WIRE_WRITE)
def book_transfer(uid: str) -> Response:
    """Somebody says what it pays."""
    row, form = _transfer(uid), BookingForm()
    with saving(form, "amount"):
        book(row, form.picks(row), by=g.actor)
    if form.errors:
        return _page(_transfer(uid), 422, form=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("Le virement est enregistré."))


@bp.post("/<uid>/dismissal")
@requires(Permission.WIRE_WRITE)
def dismiss_transfer(uid: str) -> Response:
    row, form = _transfer(uid), DismissalForm()
    if form.validate():
        with saving(form, "note"):
            dismiss(row, form.note.data or "", by=g.actor)
    if form.errors:
        return _page(_transfer(uid), 422, dismissal=form)
    return htmx.go(url_for(".list_wires"), toast=_("Le virement est classé."))


@bp.post("/<uid>/return")
@requires(Permission.WIRE_WRITE)
def take_up_transfer(uid: str) -> Response:
    """It was dismissed by mistake."""
    _transfer(uid).take_up(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Le virement attend de nouveau."))
