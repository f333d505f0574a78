"""The page of a key: its state, its machines, seats given back, files for machines without network."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import joinedload

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import saving
from portal.journal import record_taking, timeline
from portal.licensing.machines import (
    answer_request,
    read_request,
    release_seat,
    state_of_key,
    state_on_machine,
)
from portal.licensing.models import Activation, ActivationKey

bp = Blueprint("keys", __name__, url_prefix="/keys")


class RequestForm(FlaskForm):
    file = FileField(
        _l("Fichier de demande de la machine"),
        [FileRequired(_l("Choisissez le fichier."))],
        render_kw={"accept": "application/json,.json"},
    )


def _key(uid: str) -> ActivationKey:
    query = ActivationKey.visible_to(g.actor).options(joinedload(ActivationKey.customer))
    found: ActivationKey = get_or_404(query, uid)
    return found


def _page(key: ActivationKey, form: RequestForm, status: int = 200) -> Response:
    today = clock.today()
    page = render_template(
        "subscriptions/key_page.html",
        key=key,
        form=form,
        state=state_of_key(key, today),
        states={row.id: state_on_machine(key, row.fingerprint, row, today) for row in key.machines},
        events=timeline(key),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.LICENSE_READ)
def show(uid: str) -> Response:
    return _page(_key(uid), RequestForm(formdata=None))


@bp.post("/<uid>/machines/<machine_uid>/release")
@requires(Permission.LICENSE_WRITE)
def release(uid: str, machine_uid: str) -> Response:
    key = _key(uid)
    wanted = Activation.visible_to(g.actor).where(Activation.key_id == key.id)
    machine = get_or_404(wanted, machine_uid)
    release_seat(machine, by=g.actor, is_capped=g.actor.is_customer)
    db.session.commit()
    return htmx.go(
        url_for(".show", uid=uid), toast=_("Le poste est libéré : une autre machine peut l'occuper.")
    )


@bp.post("/<uid>/request-file")
@requires(Permission.LICENSE_WRITE)
def answer(uid: str) -> Response:
    key, form, file = _key(uid), RequestForm(), ""
    if form.validate():
        with saving(form, "file"):
            file = answer_request(key, read_request(form.file.data.read()), by=g.actor)
    if form.errors:
        return _page(_key(uid), form, 422)
    response = make_response(file)
    response.mimetype = "application/json"
    response.headers["Content-Disposition"] = 'attachment; filename="licence.json"'
    return response


@bp.post("/<uid>/reading")
@requires(Permission.LICENSE_REVEAL)
def reveal(uid: str) -> Response:
    key = _key(uid)
    if asking := confirm_first(url_for("subscriptions.list_keys")):
        return asking
    page = render_template("subscriptions/key.html", key=key)
    record_taking(key, "reveal", by=g.actor)
    return make_response(page)
