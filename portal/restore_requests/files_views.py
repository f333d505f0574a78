"""The names in an open vault: another point, a search, and what is chosen."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.engine.port import VolumeKind
from portal.errors import Refused
from portal.forms import paris_instant
from portal.restore_requests.inventory import PAGE, Inventory, hits
from portal.restore_requests.models import RestoreRequest
from portal.restore_requests.picking import choice_of

bp = Blueprint("restore_files", __name__, url_prefix="/restore-requests")


def _get(uid: str) -> RestoreRequest:
    row: RestoreRequest = get_or_404(RestoreRequest.visible_to(g.actor), uid)
    return row


def _to(endpoint: str, uid: str) -> Response:
    return htmx.go(url_for(endpoint, uid=uid))


@bp.post("/<uid>/listing")
@requires(Permission.RESTORE_WORK)
def choose_snapshot(uid: str) -> Response:
    row, wanted = _get(uid), request.form.get("snapshot", "")
    if wanted and wanted not in {one.id for one in Inventory(uid).snapshots()}:
        raise Refused(_("Ce point de restauration n'est pas dans le coffre."))
    row.start_listing(by=g.actor, snapshot=wanted, before=_instant(request.form.get("before", "")))
    db.session.commit()
    return _to("restore_requests.show_request", uid)


def _instant(typed: str) -> datetime | None:
    """A day and an hour of Paris, as browsers send them."""
    if not typed:
        return None
    found = paris_instant(typed)
    if found is None:
        raise Refused(_("Indiquez un jour et une heure, comme 2026-11-20T18:30."))
    return found


@bp.post("/<uid>/search")
@requires(Permission.RESTORE_WORK)
def look_everywhere(uid: str) -> Response:
    row = _get(uid)
    row.look_everywhere(request.form.get("q", "").strip()[:100], by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_hits", uid=uid))


@bp.get("/<uid>/search")
@requires(Permission.RESTORE_WORK)
def show_hits(uid: str) -> Response:
    """What the search of all points has found, or how far it is."""
    row, inventory = _get(uid), Inventory(uid)
    if not row.sought or not inventory.exists:
        return _to("restore_requests.show_request", uid)
    offset = max(request.args.get("offset", 0, type=int), 0)
    found = hits(uid, row.sought, offset)
    return htmx.render(
        "restore_requests/hits.html",
        "restore_requests/_hits.html",
        row=row,
        mark=inventory.mark,
        found=None if found is None else found[:PAGE],
        next_offset=offset + PAGE if found is not None and len(found) > PAGE else None,
    )


@bp.get("/<uid>/files")
@requires(Permission.RESTORE_WORK)
def browse(uid: str) -> Response:
    row, inventory = _get(uid), Inventory(uid)
    if not inventory.exists:
        return _to("restore_requests.show_request", uid)
    context = _folder(inventory)
    return htmx.render("restore_requests/files.html", "restore_requests/_files.html", row=row, **context)


def _folder(inventory: Inventory) -> dict[str, Any]:
    """What the browser shows: a folder of one snapshot, or the names found."""
    snapshots = inventory.snapshots()
    listed = [one for one in snapshots if one.is_listed]
    wanted = request.args.get("snapshot", "")
    here = next((one for one in listed if one.id == wanted), listed[0] if len(listed) == 1 else None)
    folder, text = request.args.get("folder", "")[:4096], request.args.get("q", "")[:100].strip()
    offset = request.args.get("offset", 0, type=int)
    if text:
        entries = inventory.search(text, max(offset, 0))
    else:
        entries = inventory.folder(here.id, folder, max(offset, 0)) if here else []
    return {
        "snapshots": snapshots,
        "listed": listed,
        "mark": inventory.mark,
        "here": here,
        "folder": folder,
        "q": text,
        "entries": entries[:PAGE],
        "next_offset": offset + PAGE if len(entries) > PAGE else None,
    }


@bp.post("/<uid>/file")
@requires(Permission.RESTORE_WORK)
def pick(uid: str) -> Response:
    """One file by its own button, or all that is ticked as one archive."""
    row, only = _get(uid), request.form.get("only", "")
    values = [only] if only else request.form.getlist("pick")
    choice = choice_of(uid, request.form.get("listing", ""), values)
    kind = VolumeKind.TAR if request.form.get("archive") == "tar" else VolumeKind.ZIP
    archive = "" if choice.is_one_file else kind.value
    row.pick(choice.picks, files=choice.files, size=choice.size, archive=archive, by=g.actor)
    db.session.commit()
    return _to("restore_requests.show_request", uid)
