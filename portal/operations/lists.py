"""The list of what was done, read and taken away (journal)."""

import re
from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal.access import Permission
from portal.i18n import translated
from portal.journal import JournalEntry
from portal.listing import FILE, NAME, WIDE, Choice, Column, Link, Listing, Nothing, Period, Search, define
from portal.words.events import event_text

_UID = re.compile(r"[a-z2-7]{16}")
_NEWEST = (JournalEntry.id.desc(),)


def _found(text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    """All of one record, by its reference; else of the people whose name has these words."""
    query = JournalEntry.visible_to(g.actor)
    if _UID.fullmatch(text):
        return query.where(JournalEntry.subject_uid == text), _NEWEST
    return query.where(JournalEntry.by_label.icontains(text, autoescape=True)) if text else query, _NEWEST


JOURNAL: Listing[JournalEntry] = define(
    Listing(
        name="journal",
        label=_l("Journal"),
        endpoint="operations.show_journal",
        permission=Permission.JOURNAL_READ,
        model=JournalEntry,
        query=lambda: JournalEntry.visible_to(g.actor),
        columns=[
            Column("utc", _l("Date (UTC)"), lambda row: f"{row.created_at:%Y-%m-%d %H:%M:%S}", rank=FILE),
            Column(
                "what",
                _l("Quoi"),
                lambda row: Link(event_text(row), url_for("operations.show_journal", q=row.subject_uid)),
                rank=NAME,
            ),
            Column("who", _l("Qui"), lambda row: translated(row.by_label)),
            Column("at", _l("Date"), lambda row: row.created_at, is_number=True),
            Column("kind", _l("Type"), lambda row: row.subject_kind, rank=FILE),
            Column("uid", _l("Référence"), lambda row: row.subject_uid, rank=WIDE),
            Column("address", _l("Adresse"), lambda row: row.details.get("address"), rank=WIDE),
        ],
        order=_NEWEST,
        filters=[
            Choice(
                "by",
                _l("Fait par"),
                lambda: [("person", _l("une personne")), ("portal", _l("le portail"))],
                lambda value: (
                    JournalEntry.by_user_id.is_not(None)
                    if value == "person"
                    else JournalEntry.by_user_id.is_(None)
                ),
            ),
            Period("on", _l("Date"), JournalEntry.created_at),
        ],
        search=Search(_found, _l("Qui, ou la référence d'une fiche")),
        nothing=lambda: Nothing(_l("Aucune ligne."), _l("Chaque geste, lecture ou envoi s'écrit ici.")),
    )
)
