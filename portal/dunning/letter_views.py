"""Letters as records: posted, presented, received or returned, with their proof."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.file import FileField

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.dunning.acting import cures_of_letter
from portal.dunning.forms import FollowedForm, PostedForm
from portal.dunning.ladder import keep_step
from portal.dunning.models import LateLetter
from portal.dunning.rules import suspension_from
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.resellers.issuing import run_by
from portal.scans import LARGEST_SCAN

bp = Blueprint("late_letters", __name__, url_prefix="/late/letters")


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: these carry a file."""
    if endpoint in {"late_letters.note_posted", "late_letters.note_followed"}:
        request.max_content_length = LARGEST_SCAN + 65_536


@bp.get("/<uid>")
@requires(Permission.DUNNING_READ)
def show_letter(uid: str) -> Response:
    letter = get_or_404(run_by(LateLetter, g.actor), uid)
    return _page(letter, PostedForm(formdata=None), _followed(letter))


def _followed(letter: LateLetter) -> FollowedForm:
    return FollowedForm(formdata=None, first_presented_on=letter.first_presented_on)


def _page(letter: LateLetter, posted: PostedForm, followed: FollowedForm, status: int = 200) -> Response:
    counted = [(cure, letter.counts_on(cure)) for cure in cures_of_letter(letter)]
    page = render_template(
        "dunning/letter.html",
        letter=letter,
        posted=posted,
        followed=followed,
        counted=[(cure, day, suspension_from(day, cure) if day else None) for cure, day in counted],
        events=timeline(letter),
    )
    return make_response(page, status)


def _scanned(field: FileField) -> bytes:
    return field.data.read() if field.data else b""


@bp.post("/<uid>/posting")
@requires(Permission.DUNNING_WRITE)
def note_posted(uid: str) -> Response:
    """Taken to the post office: with its number, and the proof of posting where there is a scan."""
    letter = get_or_404(run_by(LateLetter, g.actor), uid)
    form = PostedForm()
    if form.validate():
        with saving(form, WHOLE):
            letter.post(form.posted_on.data, form.tracking.data, by=g.actor)
            if scan := _scanned(form.scan):
                letter.keep_scan(scan)
            keep_step(letter.customer)
    if form.errors or form.form_errors:
        letter = get_or_404(run_by(LateLetter, g.actor), uid)
        return _page(letter, form, _followed(letter), 422)
    return htmx.go(url_for(".show_letter", uid=uid), toast=_("Le dépôt est noté."))


@bp.post("/<uid>/delivery")
@requires(Permission.DUNNING_WRITE)
def note_followed(uid: str) -> Response:
    """What the post office says of it: the contract's delay counts from there."""
    letter = get_or_404(run_by(LateLetter, g.actor), uid)
    form = FollowedForm()
    if form.validate():
        with saving(form, WHOLE):
            letter.follow(
                presented_on=form.first_presented_on.data,
                received_on=form.received_on.data,
                returned_on=form.returned_on.data,
                by=g.actor,
            )
            if scan := _scanned(form.scan):
                letter.keep_scan(scan)
            keep_step(letter.customer)
    if form.errors or form.form_errors:
        return _page(get_or_404(run_by(LateLetter, g.actor), uid), PostedForm(formdata=None), form, 422)
    return htmx.go(url_for(".show_letter", uid=uid), toast=_("La remise est notée."))
