"""Imports: deposited, judged, taken in, taken back."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.blobs import content_of
from portal.csv_file import csv_answer, file_answer, rows_of
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.moving.depositing import deposit
from portal.moving.forms import UploadForm
from portal.moving.lists import MOVINGS
from portal.moving.models import Moving, MovingFault, MovingState
from portal.moving.reading import LARGEST, Chosen, Found, foreign_titles, read_workbook, write_template
from portal.moving.sheets import BY_KEY, key_of, plain
from portal.paging import page_of

bp = Blueprint("moving", __name__, url_prefix="/moving")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORK = {
    MovingState.CHECKING: "moving.check",
    MovingState.TAKING: "moving.take",
    MovingState.UNDOING: "moving.undo",
}


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "moving.upload":
        request.max_content_length = LARGEST + 4096  # the form around the file


@bp.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    form = UploadForm(formdata=None)
    form.file.errors = [_("Le fichier dépasse 20 Mo : partagez-le.")]
    return _list(form, 413)


@bp.get("")
@requires(Permission.MOVING_READ)
def list_movings() -> Response:
    return _list(UploadForm(formdata=None))


def _list(form: UploadForm, status: int = 200) -> Response:
    page = list_page(MOVINGS, "moving/list.html", form=form)
    page.status_code = status
    return page


@bp.get("/template.xlsx")
@requires(Permission.MOVING_READ)
def download_template() -> Response:
    return file_answer("reprise.xlsx", _XLSX, write_template)


@bp.post("")
@requires(Permission.MOVING_WRITE)
def upload() -> Response:
    """Keep the file, sealed; nothing of what it says is written."""
    form = UploadForm()
    content = form.file.data.read() if form.validate() and form.file.data else b""
    with saving(form, "file"):
        if not content:
            raise Refused(_("Choisissez un classeur XLSX ou un ZIP de fichiers CSV."))
        moving = deposit(content, (form.file.data.filename or "")[:120], by=g.actor)
    return _list(form, 422) if form.errors else htmx.go(url_for(".show_moving", uid=moving.uid))


@bp.get("/<uid>")
@requires(Permission.MOVING_READ)
def show_moving(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor), uid)
    if htmx.wants_fragment():
        finished = moving.state not in _WORK
        return htmx.poll_answer("moving/_progress.html", finished=finished, **_shown(moving))
    return _page(moving)


def _shown(moving: Moving) -> dict[str, Any]:
    kind = _WORK.get(moving.state)
    return {"moving": moving, "task": jobs.find_task(kind, moving.uid) if kind else None, "sheets": BY_KEY}


def _page(moving: Moving, status: int = 200, problem: str = "") -> Response:
    found = _titles(moving) if moving.state == MovingState.HEADS else []
    query = MovingFault.visible_to(g.actor).where(MovingFault.moving_id == moving.id)
    is_fault = MovingFault.is_remark.is_(False)
    page = render_template(
        "moving/show.html",
        questions=[(each.sheet, _open_heads(each), foreign_titles(each, {})) for each in found],
        faults=page_of(query.where(is_fault), MovingFault.id, name="faults"),
        remarks=page_of(query.where(MovingFault.is_remark), MovingFault.id, name="remarks"),
        events=timeline(moving),
        problem=problem,
        **_shown(moving),
    )
    return make_response(page, status)


def _titles(moving: Moving) -> list[Found]:
    return read_workbook(content_of(moving.document), {}, heads_only=True)


def _open_heads(found: Found) -> list[Any]:
    known = {key_of(found.sheet, title, {}) for title in found.titles}
    return [head for head in found.sheet.heads if head.key not in known]


@bp.post("/<uid>/heads")
@requires(Permission.MOVING_WRITE)
def name_heads(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor).with_for_update(of=Moving), uid)
    found = _titles(moving)
    chosen = _chosen(found)
    missing = [name for each in found for name in each.missing(chosen.get(each.sheet.key, {}))]
    if missing:
        problem = _("Colonnes absentes : %(names)s.", names=", ".join(missing))
        return _page(moving, 422, problem)
    moving.name_heads(chosen, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_moving", uid=uid))


def _chosen(found: list[Found]) -> Chosen:
    chosen: Chosen = {}
    for each in found:
        for head in each.sheet.heads:
            title = request.form.get(f"{each.sheet.key}:{head.key}", "")
            if title and title in each.titles:
                chosen.setdefault(each.sheet.key, {})[plain(title)] = head.key
    return chosen


@bp.get("/<uid>/faults.csv")
@requires(Permission.MOVING_READ)
def faults_as_csv(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor), uid)
    query: Any = select(MovingFault.sheet, MovingFault.row, MovingFault.reason)
    own = MovingFault.moving_id == moving.id, MovingFault.is_remark.is_(False)
    rows = rows_of(query.where(*own).order_by(MovingFault.id))
    told = ([BY_KEY[row[0]].title if row[0] in BY_KEY else "", row[1], row[2]] for row in rows)
    return csv_answer("fautes.csv", [_("Feuille"), _("Ligne"), _("Faute")], told)


@bp.post("/<uid>/taking")
@requires(Permission.MOVING_WRITE)
def take_in(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor).with_for_update(of=Moving), uid)
    if asking := confirm_first(url_for(".show_moving", uid=uid)):
        return asking
    moving.take_in(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_moving", uid=uid))


@bp.post("/<uid>/resume")
@requires(Permission.MOVING_WRITE)
def resume(uid: str) -> Response:
    """The work that stopped goes on where it was."""
    moving = get_or_404(Moving.visible_to(g.actor), uid)
    if kind := _WORK.get(moving.state):
        jobs.resume(kind, moving.uid)
        db.session.commit()
    return htmx.go(url_for(".show_moving", uid=uid))


@bp.post("/<uid>/undo")
@requires(Permission.MOVING_WRITE)
def undo(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor).with_for_update(of=Moving), uid)
    if asking := confirm_first(url_for(".show_moving", uid=uid)):
        return asking
    moving.undo(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_moving", uid=uid))


@bp.post("/<uid>/withdrawal")
@requires(Permission.MOVING_WRITE)
def drop(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor).with_for_update(of=Moving), uid)
    moving.drop(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_movings"), toast=_("Le fichier est oublié ; rien n'a été repris."))
