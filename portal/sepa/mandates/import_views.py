"""Take over mandates from a file: first what would happen, then the import."""

import json
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, requires
from portal.csv_file import csv_answer
from portal.customers.models import Draft
from portal.db import db
from portal.errors import Conflict, Refused
from portal.forms import saving
from portal.sepa.mandates.forms import ImportForm
from portal.sepa.mandates.importing import (
    EXAMPLE,
    OPTIONAL,
    REQUIRED,
    Line,
    as_text,
    judge,
    read_lines,
    write_lines,
)

bp = Blueprint("mandate_import", __name__, url_prefix="/sepa/mandates/import")
LARGEST = 5 * 1024 * 1024
_DRAFT = "mandate-import"


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "mandate_import.check_file":
        request.max_content_length = LARGEST


def _draft() -> Draft | None:
    """The file of this person that waits for a decision, sealed."""
    query = select(Draft).where(Draft.user_id == g.actor.id, Draft.form == _DRAFT)
    return db.session.scalars(query).one_or_none()


def _judged(draft: Draft) -> tuple[dict[str, str], list[Line]]:
    kept = json.loads(draft.content)
    lines = read_lines(kept["text"])
    judge(lines, g.actor)
    return kept, lines


@bp.get("")
@requires(Permission.MANDATE_IMPORT)
def show_import() -> Response:
    return _page(ImportForm(formdata=None))


def _page(form: ImportForm, status: int = 200) -> Response:
    draft = _draft()
    kept, lines = _judged(draft) if draft else ({}, [])
    faulty = [line for line in lines if line.faults]
    page = render_template(
        "sepa/import.html", form=form, kept=kept, lines=lines, faulty=faulty, good=len(lines) - len(faulty)
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.MANDATE_IMPORT)
def check_file() -> Response:
    """Keep the file, sealed, for this person; nothing is written of what it says."""
    form = ImportForm()
    content = form.file.data.read() if form.validate() and form.file.data else b""
    with saving(form, "file"):
        if not content:
            raise Refused(_("Choisissez un fichier CSV."))
        _keep(content, (form.file.data.filename or "")[:120])
    return _page(form, 422) if form.errors else htmx.go(url_for(".show_import"))


def _keep(content: bytes, name: str) -> None:
    text = as_text(content)
    read_lines(text)
    draft = _draft() or Draft(organisation=g.actor.organisation, user_id=g.actor.id, form=_DRAFT)
    draft.content = json.dumps({"name": name, "text": text, "sha256": sha256(content).hexdigest()})
    db.session.add(draft)


@bp.post("/confirmation")
@requires(Permission.MANDATE_IMPORT)
def import_file() -> Response:
    """All good lines in one transaction; with a faulty one, nothing unless it may be left out."""
    draft = _draft()
    if draft is None:
        raise Conflict(_("Ce fichier a déjà été importé ou retiré."))
    kept, lines = _judged(draft)
    if request.form.get("sha256") != kept["sha256"]:
        raise Conflict(_("Un autre fichier a été déposé entre-temps : relisez ce qui serait importé."))
    good = [line for line in lines if not line.faults]
    if len(good) < len(lines) and not request.form.get("skip"):
        raise Refused(_("Des lignes sont fautives : corrigez le fichier, ou cochez la case."))
    if not good:
        raise Refused(_("Aucune ligne n'est bonne : rien à importer."))
    count = write_lines(good, source=kept["sha256"], by=g.actor)
    db.session.delete(draft)
    db.session.commit()
    toast = ngettext("%(num)d mandat importé.", "%(num)d mandats importés.", count)
    return htmx.go(url_for("sepa.list_mandates"), toast=toast)


@bp.post("/withdrawal")
@requires(Permission.MANDATE_IMPORT)
def forget_file() -> Response:
    if draft := _draft():
        db.session.delete(draft)
        db.session.commit()
    return htmx.go(url_for(".show_import"), toast=_("Le fichier est oublié ; rien n'a été importé."))


@bp.get("/template.csv")
@requires(Permission.MANDATE_IMPORT)
def download_template() -> Response:
    return csv_answer("mandats.csv", (*REQUIRED, *OPTIONAL), [EXAMPLE])
