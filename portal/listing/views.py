"""What every list has beside its page: files, kept views, bulk actions, and word of what is new."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete
from werkzeug.datastructures import MultiDict

from portal import htmx
from portal.access import Permission, holds, requires
from portal.db import commits, db
from portal.errors import PortalError
from portal.i18n import said
from portal.journal import record_taking
from portal.listing.asked import Asked
from portal.listing.cells import kind_of
from portal.listing.definition import LISTINGS, Bulk, Listing
from portal.listing.files import as_csv, as_workbook
from portal.listing.models import SavedView
from portal.listing.page import mark_of

bp = Blueprint("listing", __name__, url_prefix="/lists/<name>")
bp.add_app_template_filter(kind_of, "cell_kind")
_AT_ONCE = 100  # rows that a bulk action takes
_REASONS = 3  # of refusals that are told in full


def _listing(name: str) -> Listing[Any]:
    listing = LISTINGS.get(name) or abort(404)
    if not holds(g.actor, listing.permission):
        abort(403)
    return listing


@bp.get("/file.csv")
@requires(Permission.HOME_READ)
def csv_file(name: str) -> Response:
    return _file(name, as_csv)


@bp.get("/file.xlsx")
@requires(Permission.HOME_READ)
def workbook(name: str) -> Response:
    return _file(name, as_workbook)


def _file(name: str, write: Callable[[Asked[Any]], Response]) -> Response:
    """All rows that the address asks for; who took them is noted."""
    asked = Asked(_listing(name))
    answer = write(asked)
    record_taking(g.actor, "take_list", by=g.actor, listing=name, wishes=asked.wishes)
    return answer


@bp.get("/news")
@requires(Permission.HOME_READ)
def news(name: str) -> Response:
    """Asked now and then by a page that is open: nothing (204), or a line that says that there is more."""
    asked = Asked(_listing(name))
    if mark_of(asked.page()) == request.args.get("mark"):
        return Response(status=204)
    return make_response(render_template("listing/_news.html", asked=asked))


@bp.post("/views")
@requires(Permission.LIST_WORK)
def keep_view(name: str) -> Response:
    """Keep what the list shows now under a name; the same name again replaces it."""
    listing = _listing(name)
    asked = Asked(listing, _wishes())
    title = " ".join(request.form.get("title", "").split())[:60]
    if title:
        db.session.execute(_own(listing, title))
        row = SavedView(
            organisation=g.actor.organisation,
            user_id=g.actor.id,
            listing=listing.name,
            name=title,
            wishes=asked.wishes[:500],
        )
        db.session.add(row)
        db.session.commit()
    return htmx.go(asked.address(), toast=_("Vue enregistrée.") if title else "")


@bp.post("/views/drop")
@requires(Permission.LIST_WORK)
def drop_view(name: str) -> Response:
    listing = _listing(name)
    db.session.execute(_own(listing, request.form.get("title", "")))
    db.session.commit()
    return htmx.go(Asked(listing, _wishes()).address(), toast=_("Vue retirée."))


def _own(listing: Listing[Any], title: str) -> Any:
    return delete(SavedView).where(
        SavedView.user_id == g.actor.id, SavedView.listing == listing.name, SavedView.name == title
    )


def _wishes() -> MultiDict[str, str]:
    return MultiDict(parse_qsl(request.form.get("wishes", "")[:2000]))


@bp.post("/<action>")
@requires(Permission.LIST_WORK)
def act(name: str, action: str) -> Response:
    """Do one thing with each of the chosen rows; what is refused for one stops no other."""
    listing = _listing(name)
    asked = Asked(listing, _wishes())
    bulk = next((each for each in asked.bulk() if each.key == action), None) or abort(403)
    uids = list(dict.fromkeys(request.form.getlist("uid")))[:_AT_ONCE]
    done, refused = 0, []
    for uid in uids:
        if (reason := _do(listing, bulk, uid)) is None:
            done += 1
        else:
            refused.append(reason)
    if refused:
        told = " ".join(dict.fromkeys(refused[:_REASONS]))
        number = len(refused)
        text = ngettext("%(num)d refusée : %(why)s", "%(num)d refusées : %(why)s", number, why=told)
        flash(text, "refused")
    return htmx.go(asked.address(), toast=_told(bulk, done, uids))


def _told(bulk: Bulk[Any], done: int, uids: list[str]) -> str:
    if not uids:
        return _("Choisissez d'abord des lignes.")
    return ngettext("%(what)s : %(num)d ligne.", "%(what)s : %(num)d lignes.", done, what=str(bulk.label))


@commits
def _do(listing: Listing[Any], bulk: Bulk[Any], uid: str) -> str | None:
    """Why not, or None when it is done."""
    model = listing.model
    chosen = listing.query().where(model.uid == uid)
    row = db.session.scalars(chosen.with_for_update(of=model, key_share=True)).one_or_none()
    if row is None:
        return _("Cette ligne n'est plus là.")
    try:
        bulk.act(row)
        db.session.commit()
    except PortalError as error:
        db.session.rollback()
        return said(error)
    return None
