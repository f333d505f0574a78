"""Maintenance: the calendar, an announcement with its proofs, moved and called off."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.availability.forms import MoveForm, PlanForm, WhyForm
from portal.availability.planned import PlannedWork, plan_work, told_of
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.mail import mails_about
from portal.paging import page_of

bp = Blueprint("planned_work", __name__, url_prefix="/planned-work")


@bp.get("")
@requires(Permission.SERVICE_LEVEL_READ)
def list_work() -> str:
    """What comes, by its day, then what is over."""
    rows, now = PlannedWork.visible_to(g.actor), clock.now()
    coming = page_of(
        rows.where(PlannedWork.ends_at >= now), PlannedWork.starts_at, PlannedWork.id, name="coming"
    )
    over = page_of(
        rows.where(PlannedWork.ends_at < now), PlannedWork.starts_at.desc(), PlannedWork.id, name="over"
    )
    return render_template("availability/planned_list.html", coming=coming, over=over)


def _new_page(form: PlanForm, status: int = 200) -> Response:
    return make_response(render_template("availability/planned_new.html", form=form), status)


@bp.get("/new")
@requires(Permission.AVAILABILITY_WRITE)
def new_work() -> Response:
    return _new_page(PlanForm(formdata=None))


def _window(form: Any) -> tuple[datetime, datetime]:
    starts_at, ends_at = form.starts_at.instant, form.ends_at.instant
    if starts_at is None or ends_at is None:
        raise Refused(_("Indiquez un jour et une heure."), field="starts_at")
    return starts_at, ends_at


@bp.post("")
@requires(Permission.AVAILABILITY_WRITE)
def create_work() -> Response:
    form = PlanForm()
    if form.validate():
        with saving(form, WHOLE):
            row = plan_work(
                g.actor.organisation,
                form.services.contract,
                form.services.services,
                *_window(form),
                form.words.data,
                late=form.late.data,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return _new_page(form, 422)
    return htmx.go(url_for(".show_work", uid=row.uid), toast=_("L'annonce part aux clients concernés."))


def _work(uid: str) -> PlannedWork:
    found: PlannedWork = get_or_404(PlannedWork.visible_to(g.actor), uid)
    return found


def _page(row: PlannedWork, status: int = 200, **forms: Any) -> Response:
    page = render_template(
        "availability/planned.html",
        work=row,
        told=told_of(row),
        events=timeline(row),
        mails=mails_about(row),
        **{"move": MoveForm(formdata=None), "why": WhyForm(formdata=None), **forms},
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.AVAILABILITY_READ)
def show_work(uid: str) -> Response:
    return _page(_work(uid))


@bp.post("/<uid>/move")
@requires(Permission.AVAILABILITY_WRITE)
def move_work(uid: str) -> Response:
    row, form = _work(uid), MoveForm()
    if form.validate():
        with saving(form, "why"):
            row.move(*_window(form), form.why.data or "", late=form.late.data, by=g.actor)
    if form.errors:
        return _page(_work(uid), 422, move=form)
    return htmx.go(url_for(".show_work", uid=uid), toast=_("La nouvelle date part aux clients concernés."))


@bp.post("/<uid>/cancellation")
@requires(Permission.AVAILABILITY_WRITE)
def call_off_work(uid: str) -> Response:
    row, form = _work(uid), WhyForm()
    if form.validate():
        with saving(form, "why"):
            row.call_off(form.why.data or "", by=g.actor)
    if form.errors:
        return _page(_work(uid), 422, why=form)
    return htmx.go(url_for(".show_work", uid=uid), toast=_("L'annulation part aux clients prévenus."))
