"""Leaving a note beside a record, and taking one's own away."""

from flask import Blueprint, Response, abort, g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, holds, requires
from portal.db import db
from portal.errors import Refused
from portal.notes.models import LONGEST, Note, find_own, notes_of
from portal.notes.subjects import SUBJECTS, Subject, may_be_noted
from portal.paging import Page

bp = Blueprint("notes", __name__, url_prefix="/notes")


class NoteForm(FlaskForm):
    text = TextAreaField(
        _l("Note"),
        [
            DataRequired(_l("Écrivez quelques mots.")),
            Length(max=LONGEST, message=_l("Une note a 4 000 caractères au plus.")),
        ],
    )


@bp.app_template_global()
def notes_beside(record: object) -> Page[Note] | None:
    """The notes of a record for the acting person; None where there are none to be had."""
    return notes_of(g.actor, record) if may_be_noted(record) else None


def _subject(kind: str) -> Subject:
    subject = SUBJECTS.get(kind) or abort(404)
    if not holds(g.actor, subject.permission):
        abort(403)
    return subject


@bp.post("/<uid>/beside/<kind>")
@requires(Permission.NOTE_WRITE)
def leave_note(uid: str, kind: str) -> Response:
    subject = _subject(kind)
    record = get_or_404(subject.model.visible_to(g.actor), uid)
    form = NoteForm()
    if not form.validate():
        raise Refused(str(next(iter(form.errors.values()))[0]))
    db.session.add(
        Note(
            organisation=g.actor.organisation,
            subject_kind=kind,
            subject_uid=record.uid,
            text=form.text.data.strip(),
            by_label=g.actor.label,
            by_user_id=g.actor.id,
        )
    )
    db.session.commit()
    return htmx.go(url_for(subject.endpoint, uid=uid) + "#notes", toast=_("Note gardée."))


@bp.post("/<uid>/removal")
@requires(Permission.NOTE_WRITE)
def remove_note(uid: str) -> Response:
    note = find_own(g.actor, uid) or abort(404)
    subject, record_uid = _subject(note.subject_kind), note.subject_uid
    db.session.delete(note)
    db.session.commit()
    return htmx.go(url_for(subject.endpoint, uid=record_uid) + "#notes", toast=_("Note retirée."))
