"""The operator's library of contract documents: versions, what they change, publication."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, requires
from portal.accounts.confirming import confirm_first, confirm_order
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.i18n import said
from portal.journal import timeline
from portal.terms.changes import changes_between, grouped
from portal.terms.forms import PublicationForm, UploadForm, WordsForm
from portal.terms.in_force import check_fits, contracts_with, document_in_force, document_of, neighbours
from portal.terms.in_force import version_in_force as in_force
from portal.terms.lint import Finding, lint
from portal.terms.models import LEAST_DAYS, TermsState, TermsVersion, read_upload, upload
from portal.terms.panels import version_panel
from portal.terms.shipped import CONTRACTS, TermsDocument, bundled, bundled_text, documents
from portal.terms.texts import LARGEST_TEXT, keep_text, text_of
from portal.words.values import value_text

bp = Blueprint("terms", __name__, url_prefix="/terms")
bp.add_app_template_filter(value_text)


@bp.url_value_preprocessor
def allow_a_text(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "terms.keep_words":
        request.max_content_length = LARGEST_TEXT + 4096


# Higher packages show their part of a version's page: f(row) -> (template, context), or None.
def _findings(edition: "Edition", previous: TermsDocument) -> list[Finding]:
    document = edition.document
    beside = neighbours(document, clock.today())
    return lint(f"{document.version}.toml", edition.text, beside=beside, previous=previous)


@dataclass(frozen=True)
class Edition:
    """A document version as the screens show it, whether it ships or was uploaded."""

    document: TermsDocument
    text: str
    state: str  # draft, published, in_force, replaced, withdrawn
    row: TermsVersion | None

    @property
    def version(self) -> str:
        return self.document.version

    @property
    def dates_are_known(self) -> bool:
        return self.row is None or self.row.effective_on is not None


def _editions(code: str) -> list[Edition]:
    """Every version of one document that the actor may see, the latest first."""
    today = clock.today()
    now = in_force(code, today)
    shipped = bundled(code)
    state = "in_force" if shipped.version == now else "replaced"
    query = TermsVersion.visible_to(g.actor).where(TermsVersion.code == code).order_by(TermsVersion.id.desc())
    rows = [_edition(row, now) for row in db.session.scalars(query)]
    return [*rows, Edition(shipped, bundled_text(code), state, None)]


def _edition(row: TermsVersion, now: str) -> Edition:
    state = row.state.value
    if row.state == TermsState.PUBLISHED and row.effective_on and row.effective_on <= clock.today():
        state = "in_force" if row.version == now else "replaced"
    return Edition(document_of(row), row.text, state, row)


def _find(version: str) -> Edition:
    for document in documents().values():
        if document.version == version:
            return _editions(document.code)[-1]
    query = TermsVersion.visible_to(g.actor).where(TermsVersion.version == version)
    row = db.session.scalars(query).one_or_none() or abort(404)
    return _edition(row, in_force(row.code, clock.today()))


@bp.get("")
@requires(Permission.TERMS_READ)
def list_documents() -> Response:
    contracts = [
        (label, [(bundled(code), _editions(code)) for code in codes]) for label, codes in CONTRACTS.values()
    ]
    return make_response(render_template("terms/list.html", contracts=contracts))


@bp.get("/new")
@requires(Permission.TERMS_WRITE)
def new_version() -> Response:
    """Start from a version that exists (``?from=``), or from nothing."""
    start = request.args.get("from", "")
    form = UploadForm(formdata=None, text=_find(start).text if start else "")
    return make_response(render_template("terms/new.html", form=form))


@bp.post("/new")
@requires(Permission.TERMS_WRITE)
def create_version() -> Response:
    form = UploadForm()
    if form.validate():
        try:
            document = read_upload(form.name, form.text.data)
            check_fits(document, clock.today())
            row = upload(document, form.text.data, owner=g.actor.organisation, by=g.actor)
            db.session.commit()
        except Refused as refusal:
            db.session.rollback()
            form.text.errors = [said(refusal)]
        else:
            text = _("%(version)s est déposée en brouillon.", version=row.version)
            return htmx.go(url_for(".show_changes", version=row.version), toast=text)
    return make_response(render_template("terms/new.html", form=form), 422)


@bp.get("/<version>")
@requires(Permission.TERMS_READ)
def show_version(version: str) -> Response:
    return _version_page(_find(version), WordsForm(formdata=None))


def _version_page(edition: Edition, form: WordsForm, status: int = 200) -> Response:
    document = edition.document
    page = render_template(
        "terms/show.html",
        form=form,
        words=text_of(document.sha256),
        edition=edition,
        document=document,
        groups=grouped(document.values),
        contracts=[CONTRACTS[name][0] for name in contracts_with(document.code)],
        events=timeline(edition.row) if edition.row else [],
        panels=version_panel.shown(edition.row) if edition.row else [],
    )
    return make_response(page, status)


@bp.get("/<version>/text")
@requires(Permission.TERMS_READ)
def download_text(version: str) -> Response:
    edition = _find(version)
    response = make_response(edition.text, 200, {"Content-Type": "text/plain; charset=utf-8"})
    response.headers["Content-Disposition"] = f'attachment; filename="{edition.version}.toml"'
    return response


@bp.get("/<version>/words")
@requires(Permission.TERMS_READ)
def read_text(version: str) -> Response:
    """The words themselves, as a customer accepts them."""
    text = text_of(_find(version).document.sha256) or abort(404)
    response = make_response(text.content)
    response.headers["Content-Type"] = text.media_type
    response.headers["Content-Disposition"] = f'inline; filename="{version}.{text.suffix}"'
    return response


@bp.post("/<version>/words")
@requires(Permission.TERMS_WRITE)
def keep_words(version: str) -> Response:
    edition, form = _find(version), WordsForm()
    if form.validate():
        with saving(form, "file"):
            keep_text(edition.document, form.file.data.read() if form.file.data else b"")
    if form.errors:
        return _version_page(edition, form, 422)
    return htmx.go(url_for(".show_version", version=version), toast=_("Le texte est déposé."))


@bp.get("/<version>/changes")
@requires(Permission.TERMS_READ)
def show_changes(version: str) -> Response:
    """What this version changes to the one in force, what the linter says, and its publication."""
    return _changes_page(_find(version), None)


def _changes_page(edition: Edition, form: PublicationForm | None, status: int = 200) -> Response:
    document, today = edition.document, clock.today()
    previous = document_in_force(document.code, today)
    notice = previous.values.get("terms.publication_days")
    earliest = _earliest(previous, today)
    page = render_template(
        "terms/changes.html",
        edition=edition,
        document=document,
        previous=previous,
        notice=notice,
        changes=changes_between(previous.values, document.values),
        earliest=earliest,
        findings=_findings(edition, previous),
        refusal=previous.values.get("terms.refusal") or document.values.get("terms.refusal"),
        form=form or PublicationForm(formdata=None, effective_on=earliest),
    )
    return make_response(page, status)


def _notice_days(previous: TermsDocument) -> int:
    notice = previous.values.get("terms.publication_days")
    return max(int(notice.value) if notice else 0, LEAST_DAYS)


def _earliest(previous: TermsDocument, today: date) -> date:
    return today + timedelta(days=_notice_days(previous))


def _own(version: str) -> TermsVersion:
    """An uploaded version, for a step of its own; 404 for one that ships."""
    query = TermsVersion.visible_to(g.actor).where(TermsVersion.version == version).with_for_update()
    row: TermsVersion = db.session.scalars(query).one_or_none() or abort(404)
    return row


@bp.post("/<version>/publication")
@requires(Permission.TERMS_WRITE)
def publish_version(version: str) -> Response:
    row, form = _own(version), PublicationForm()
    if form.validate():
        here = url_for(".show_version", version=version)
        if asking := confirm_order(row, "publish", _ordered(row, form), here):
            return asking
        row = _own(version)
        try:
            days = _notice_days(document_in_force(row.code, clock.today()))
            check_fits(document_of(row), clock.today())
            row.publish(effective_on=form.effective_on.data, notice_days=days, by=g.actor)
            db.session.commit()
        except Refused as refusal:
            db.session.rollback()
            form.effective_on.errors = [said(refusal)]
        else:
            text = _("%(version)s est publiée ; les clients en sont prévenus.", version=version)
            return htmx.go(here, toast=text)
    return _changes_page(_find(version), form, 422)


def _ordered(row: TermsVersion, form: PublicationForm) -> dict[str, str]:
    """What somebody publishes: the document by its hash, and from when on it applies."""
    day: date = form.effective_on.data
    return {"reference": row.version, "effective_on": day.isoformat(), "sha256": row.sha256}


@bp.post("/<version>/withdrawal")
@requires(Permission.TERMS_WRITE)
def withdraw_version(version: str) -> Response:
    _own(version)
    if asking := confirm_first(url_for(".show_version", version=version)):
        return asking
    row = _own(version)
    row.withdraw(by=g.actor)
    db.session.commit()
    return htmx.go(
        url_for(".show_version", version=version), toast=_("%(version)s est retirée.", version=version)
    )
