"""The register of processing activities: as it is today, the house's own lines, its versions as files."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation
from portal.csv_file import csv_answer
from portal.db import db
from portal.forms import WHOLE, saving, trim
from portal.paging import page_of
from portal.pdf.document import Party
from portal.pdf.draft import Draft
from portal.privacy.activities import CONTROLLER, PROCESSOR
from portal.privacy.processing import (
    COLUMNS,
    ProcessingEntry,
    ProcessingVersion,
    Row,
    add_entry,
    keep_version,
    register_of,
    write_note,
)

bp = Blueprint("processing", __name__, url_prefix="/privacy/processing")
ROLE_WORDS = {CONTROLLER: _l("responsable de traitement"), PROCESSOR: _l("sous-traitant")}
HEADS = {
    "role": _l("Qualité"),
    "name": _l("Activité"),
    "purpose": _l("Finalité"),
    "persons": _l("Personnes"),
    "data": _l("Données"),
    "recipients": _l("Destinataires"),
    "transfers": _l("Transferts"),
    "retention": _l("Conservation"),
    "measures": _l("Sécurité"),
    "note": _l("Note de la maison"),
}
_TEXT = [InputRequired(_l("Écrivez en quelques mots.")), Length(max=2000)]


class EntryForm(FlaskForm):
    role = SelectField(HEADS["role"], choices=[SelectChoice(*each) for each in ROLE_WORDS.items()])
    name = StringField(HEADS["name"], [InputRequired(_l("Indiquez le nom.")), Length(max=140)], [trim])
    purpose = TextAreaField(HEADS["purpose"], _TEXT, [trim])
    persons = TextAreaField(HEADS["persons"], _TEXT, [trim])
    data = TextAreaField(HEADS["data"], _TEXT, [trim])
    recipients = TextAreaField(HEADS["recipients"], [Length(max=2000)], [trim])
    transfers = TextAreaField(HEADS["transfers"], [Length(max=2000)], [trim])
    retention = TextAreaField(HEADS["retention"], _TEXT, [trim])
    measures = TextAreaField(HEADS["measures"], _TEXT, [trim])


class NoteForm(FlaskForm):
    note = TextAreaField(HEADS["note"], [Length(max=2000)], [trim])


def _owner() -> Organisation:
    """The house that keeps the register: that of who looks."""
    found: Organisation = g.actor.organisation
    return found


@bp.get("")
@requires(Permission.PRIVACY_READ)
def show_register() -> str:
    versions = ProcessingVersion.visible_to(g.actor).where(ProcessingVersion.organisation_id == _owner().id)
    return render_template(
        "privacy/processing.html",
        rows=register_of(_owner()),
        heads=HEADS,
        columns=[name for name in COLUMNS if name not in ("role", "name")],
        roles=ROLE_WORDS,
        versions=page_of(versions, ProcessingVersion.number.desc(), name="versions"),
    )


@bp.post("/versions")
@requires(Permission.PRIVACY_WRITE)
def keep_now() -> Response:
    row = keep_version(_owner())
    db.session.commit()
    return htmx.go(url_for(".show_register"), toast=_("Version %(number)d du registre.", number=row.number))


@bp.get("/entries/new")
@requires(Permission.PRIVACY_WRITE)
def new_entry() -> str:
    return render_template("privacy/processing_new.html", form=EntryForm(formdata=None))


@bp.post("/entries")
@requires(Permission.PRIVACY_WRITE)
def create_entry() -> Response:
    form = EntryForm()
    if form.validate():
        with saving(form, WHOLE):
            add_entry(_owner(), {name: form[name].data or "" for name in COLUMNS}, by=g.actor)
    if form.errors or form.form_errors:
        return make_response(render_template("privacy/processing_new.html", form=form), 422)
    return htmx.go(url_for(".show_register"), toast=_("L'activité est dans le registre."))


@bp.post("/entries/<uid>/end")
@requires(Permission.PRIVACY_WRITE)
def end_entry(uid: str) -> Response:
    get_or_404(ProcessingEntry.visible_to(g.actor).where(ProcessingEntry.code == ""), uid).end(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_register"), toast=_("L'activité est retirée du registre."))


@bp.post("/notes/<code>")
@requires(Permission.PRIVACY_WRITE)
def note_activity(code: str) -> Response:
    form = NoteForm()
    if form.validate():
        write_note(_owner(), code, form.note.data or "", by=g.actor)
        db.session.commit()
        return htmx.go(url_for(".show_register"), toast=_("C'est noté."))
    return htmx.go(url_for(".show_register"), toast=_("Deux mille signes au plus."))


def _version(uid: str) -> ProcessingVersion:
    found: ProcessingVersion = get_or_404(ProcessingVersion.visible_to(g.actor), uid)
    return found


@bp.get("/versions/<uid>/file.csv")
@requires(Permission.PRIVACY_READ)
def download_csv(uid: str) -> Response:
    version = _version(uid)
    with force_locale("fr"):
        head = [str(label) for label in HEADS.values()]
        rows = [[_cell(row, name) for name in HEADS] for row in version.read]
    return csv_answer(f"registre-{version.number}-{version.made_on}.csv", head, rows)


def _cell(row: Row, name: str) -> str:
    return str(ROLE_WORDS[row.role]) if name == "role" else str(getattr(row, name))


@bp.get("/versions/<uid>/file.pdf")
@requires(Permission.PRIVACY_READ)
def download_pdf(uid: str) -> Response:
    version = _version(uid)
    with force_locale("fr"):
        content = _draft(version).build()
    answer = make_response(content, 200, {"Content-Type": "application/pdf"})
    name = f"registre-{version.number}-{version.made_on}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _draft(version: ProcessingVersion) -> Draft:
    """The same version gives the same bytes."""
    query = select(Organisation.name).where(Organisation.id == version.organisation_id)
    house = Party(db.session.scalar(query) or "", ())
    draft = Draft(
        _("Registre des activités de traitement"),
        issuer=house,
        recipient=house,
        meta=[
            (_("Version"), str(version.number)),
            (_("Date"), version.made_on.strftime("%d/%m/%Y")),
            ("SHA-256", version.sha256[:16]),
        ],
        legal=[_("Règlement (UE) 2016/679, article 30")],
        language="fr",
        page_label=_("Page {page} sur {pages}"),
    )
    for row in version.read:
        draft.heading(f"{row.name} ({ROLE_WORDS[row.role]})")
        told = [(str(HEADS[name]), str(getattr(row, name))) for name in HEADS if name not in ("role", "name")]
        draft.fields([each for each in told if each[1]])
    return draft
