"""Requests of persons: entered by the operator or asked from the customer's space, passed on or answered."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.engine.panels import fetch_panel
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.links import SignedLink
from portal.mail import mails_about
from portal.paging import page_of
from portal.panels import Panel
from portal.privacy.choosing import customer_named, own_customer
from portal.privacy.held import held_about, send_file
from portal.privacy.request_forms import (
    HELD,
    KINDS,
    AnswerForm,
    ExtensionForm,
    IdentityForm,
    RequestForm,
    SpaceRequestForm,
)
from portal.privacy.requests import Asked, PersonRequest, enter_request

bp = Blueprint("person_requests", __name__, url_prefix="/privacy/requests")
own_bp = Blueprint("own_data", __name__, url_prefix="/my-data")


@bp.app_template_filter()
def person_kind(kind: Asked) -> str:
    """What is asked for, in words."""
    return str(KINDS[kind])


@bp.app_template_filter()
def held_word(name: str) -> str:
    return str(HELD[name])


@bp.app_template_filter()
def quoted_words(text: str) -> str:
    """Somebody's words as lines of a mail: none stands out, none is a button or the foot."""
    return "\n".join(f"> {line.strip()}" for line in text.splitlines() if line.strip())


@fetch_panel()
def data_panel(link: SignedLink) -> Panel | None:
    """What the person fetches behind her link, after the code."""
    query = db.select(PersonRequest).where(PersonRequest.uid == link.subject_uid)
    row = db.session.scalars(query).one_or_none()
    return Panel("privacy/_fetch.html", {"row": row}) if row else None


@bp.get("")
@requires(Permission.PRIVACY_READ)
def list_requests() -> str:
    rows = page_of(
        PersonRequest.visible_to(g.actor), PersonRequest.received_at.desc(), PersonRequest.id.desc()
    )
    return render_template("privacy/requests.html", rows=rows, kinds=KINDS)


@bp.get("/new")
@requires(Permission.PRIVACY_WRITE)
def new_request() -> str:
    return render_template("privacy/request_new.html", form=RequestForm(formdata=None))


@bp.post("")
@requires(Permission.PRIVACY_WRITE)
def create_request() -> Response:
    form = RequestForm()
    if form.validate():
        with saving(form, WHOLE):
            row = enter_request(
                g.actor.organisation,
                form.email.data,
                form.name.data,
                Asked(form.kind.data),
                form.words.data or "",
                form.received_at.found,
                language=form.language.data,
                customer=customer_named(form.customer.data, g.actor) if form.customer.data else None,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return make_response(render_template("privacy/request_new.html", form=form), 422)
    return htmx.go(url_for(".show_request", uid=row.uid), toast=_("La demande est gardée."))


def _request(uid: str) -> PersonRequest:
    found: PersonRequest = get_or_404(PersonRequest.visible_to(g.actor), uid)
    return found


def _page(row: PersonRequest, status: int = 200, **typed: Any) -> Response:
    forms = {
        "identity": IdentityForm(formdata=None),
        "extension": ExtensionForm(formdata=None),
        "answer": AnswerForm(formdata=None),
    }
    held = held_about(row.email)
    page = render_template(
        "privacy/request.html",
        row=row,
        kinds=KINDS,
        counts=[(name, len(rows)) for name, rows in held.items() if rows and name != "requests"],
        forwarded=row.mail(),
        events=timeline(row),
        mails=mails_about(row),
        **{**forms, **typed},
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.PRIVACY_READ)
def show_request(uid: str) -> Response:
    return _page(_request(uid))


def _done(uid: str, name: str, form: Any, toast: str) -> Response:
    if form.errors or form.form_errors:
        return _page(_request(uid), 422, **{name: form})
    return htmx.go(url_for(".show_request", uid=uid), toast=toast)


@bp.post("/<uid>/identity")
@requires(Permission.PRIVACY_WRITE)
def note_identity(uid: str) -> Response:
    row, form = _request(uid), IdentityForm()
    if form.validate():
        with saving(form, "how"):
            row.note_identity(form.how.data, by=g.actor)
    return _done(uid, "identity", form, _("C'est noté."))


@bp.post("/<uid>/extension")
@requires(Permission.PRIVACY_WRITE)
def extend_request(uid: str) -> Response:
    row, form = _request(uid), ExtensionForm()
    if form.validate():
        with saving(form, "why"):
            row.extend(form.why.data, by=g.actor)
    return _done(uid, "extension", form, _("Le délai est prolongé, la personne le lit."))


@bp.post("/<uid>/answer")
@requires(Permission.PRIVACY_WRITE)
def answer_request(uid: str) -> Response:
    row, form = _request(uid), AnswerForm()
    if form.validate():
        with saving(form, "answer"):
            row.finish(form.answer.data, refused=form.refused.data, by=g.actor)
    return _done(uid, "answer", form, _("La réponse part."))


@bp.post("/<uid>/file")
@requires(Permission.PERSON_FILE)
def make_file(uid: str) -> Response:
    """Everything about a person leaves at once: who sends it has just proved who she is."""
    if asking := confirm_first(url_for(".show_request", uid=uid)):
        return asking
    row, form = _request(uid), AnswerForm(formdata=None)
    with saving(form, WHOLE):
        send_file(row, by=g.actor)
    return _done(uid, "answer", form, _("Le lien part à l'adresse de la personne."))


def _own_page(form: SpaceRequestForm, status: int = 200) -> Response:
    mine = PersonRequest.visible_to(g.actor).where(PersonRequest.email == g.actor.email)
    rows = page_of(mine, PersonRequest.received_at.desc(), PersonRequest.id.desc())
    return make_response(render_template("privacy/own.html", form=form, rows=rows, kinds=KINDS), status)


@own_bp.get("")
@requires(Permission.OWN_DATA_ASK)
def show() -> Response:
    return _own_page(SpaceRequestForm(formdata=None))


@own_bp.post("")
@requires(Permission.OWN_DATA_ASK)
def ask() -> Response:
    form = SpaceRequestForm()
    if form.validate():
        with saving(form, WHOLE):
            enter_request(
                g.actor.organisation,
                g.actor.email,
                g.actor.name,
                Asked(form.kind.data),
                form.words.data or "",
                clock.now(),
                language=str(get_locale())[:2],
                customer=own_customer(g.actor) if form.entrusted.data else None,
                identity_how=_("Connexion à l'espace client"),
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return _own_page(form, 422)
    return htmx.go(url_for(".show"), toast=_("Votre demande est reçue."))
