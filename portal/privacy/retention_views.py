"""What is kept and until when, and the erasure of a person: looked at first, then done."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from wtforms import StringField
from wtforms.validators import Length

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import WHOLE, saving, trim
from portal.journal import timeline
from portal.privacy.erasing import Erasure, erase, plan_for
from portal.privacy.expiring import Expired
from portal.privacy.requests import Asked, PersonRequest
from portal.privacy.retention import table
from portal.privacy.retention_words import KINDS, SINCE

bp = Blueprint("retention", __name__, url_prefix="/privacy")
ERASED_BY = {
    "duty": _l("le portail, chaque jour"),
    "request": _l("le portail, pour une personne qui le demande"),
    "person": _l("une personne en décide"),
    "sealed": _l("scellé : rien ne s'en efface"),
}


class HoldForm(FlaskForm):
    why = StringField(_l("Procès ou dossier ouvert"), [Length(max=300)], [trim])


@bp.app_template_filter()
def kept_word(name: str) -> str:
    """A kind of record in words."""
    return str(KINDS[name])


@bp.get("/retention")
@requires(Permission.PRIVACY_READ)
def show() -> str:
    counts = select(Expired.kind, func.sum(Expired.count), func.max(Expired.day)).group_by(Expired.kind)
    found = {kind: (number, day) for kind, number, day in db.session.execute(counts)}
    words = {"since": SINCE, "erased_by": ERASED_BY}
    return render_template("privacy/retention.html", rows=table().values(), counts=found, **words)


def _request(uid: str) -> PersonRequest:
    found: PersonRequest = get_or_404(PersonRequest.visible_to(g.actor), uid)
    return found


def _page(row: PersonRequest, form: HoldForm, status: int = 200) -> Response:
    query = Erasure.visible_to(g.actor).where(Erasure.request_id == row.id)
    found = db.session.scalars(query).one_or_none()
    page = render_template(
        "privacy/erasure.html",
        row=row,
        found=found,
        plan=None if found else plan_for(row.email),
        form=form,
        events=timeline(found) if found else timeline(row),
        may_ask=row.kind == Asked.ERASURE and row.is_open,
    )
    return make_response(page, status)


@bp.get("/requests/<uid>/erasure")
@requires(Permission.PRIVACY_READ)
def preview(uid: str) -> Response:
    return _page(_request(uid), HoldForm(formdata=None))


@bp.post("/requests/<uid>/erasure")
@requires(Permission.PERSON_ERASE)
def erase_person(uid: str) -> Response:
    """It cannot be taken back: who does it has just proved who she is."""
    if asking := confirm_first(url_for(".preview", uid=uid)):
        return asking
    row, form = _request(uid), HoldForm(formdata=None)
    with saving(form, WHOLE):
        erase(row, by=g.actor)
    if form.errors or form.form_errors:
        return _page(_request(uid), form, 422)
    return htmx.go(url_for(".preview", uid=uid), toast=_("C'est effacé, la personne lit ce qui reste."))


@bp.post("/requests/<uid>/hold")
@requires(Permission.PRIVACY_WRITE)
def hold_erasure(uid: str) -> Response:
    row, form = _request(uid), HoldForm()
    found = get_or_404(Erasure.visible_to(g.actor).where(Erasure.request_id == row.id), _erasure_uid(row))
    if form.validate():
        with saving(form, WHOLE):
            found.hold(form.why.data or "", by=g.actor)
    if form.errors or form.form_errors:
        return _page(_request(uid), form, 422)
    return htmx.go(url_for(".preview", uid=uid), toast=_("C'est noté."))


def _erasure_uid(row: PersonRequest) -> str:
    query = Erasure.visible_to(g.actor).where(Erasure.request_id == row.id)
    return db.session.scalar(query.with_only_columns(Erasure.uid)) or ""
