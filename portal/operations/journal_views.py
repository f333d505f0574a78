"""The journal of one's own tree: who did, read or took what, newest first, also as a table."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Response, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import Select

from portal.access import Permission, requires
from portal.clock import PARIS
from portal.csv_file import csv_answer, rows_of
from portal.journal import JournalEntry
from portal.operations.views import bp
from portal.paging import page_of
from portal.words.events import event_text


@bp.get("/journal")
@requires(Permission.JOURNAL_READ)
def show_journal() -> Response:
    entries = page_of(_wanted(), JournalEntry.id.desc())
    page = render_template(
        "operations/journal.html", entries=entries, asked=request.args, event_text=event_text
    )
    return make_response(page)


@bp.get("/journal.csv")
@requires(Permission.JOURNAL_READ)
def journal_csv() -> Response:
    head = (_("Date (UTC)"), _("Qui"), _("Quoi"), _("Type"), _("Référence"), _("Adresse"))
    rows = rows_of(_wanted().order_by(JournalEntry.id.desc()))
    return csv_answer("journal.csv", head, (_cells(entry) for (entry,) in rows))


def _cells(entry: JournalEntry) -> tuple[Any, ...]:
    when = entry.created_at.strftime("%Y-%m-%d %H:%M:%S")
    address = entry.details.get("address", "")
    return when, entry.by_label, event_text(entry), entry.subject_kind, entry.subject_uid, address


def _wanted() -> Select[Any]:
    """The lines that the address asks for: of a person, of a record, until the end of a day in Paris."""
    query = JournalEntry.visible_to(g.actor)
    if who := request.args.get("who", "").strip():
        query = query.where(JournalEntry.by_label.icontains(who, autoescape=True))
    if uid := request.args.get("ref", "").strip():
        query = query.where(JournalEntry.subject_uid == uid[:16])
    try:
        day = date.fromisoformat(request.args.get("until", ""))
    except ValueError:
        return query
    return query.where(JournalEntry.created_at < datetime.combine(day + timedelta(1), time(), PARIS))
