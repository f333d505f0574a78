"""The door: what has passed, one file, and the folder of each legal entity."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.bank_door.lists import DOOR_FILES
from portal.bank_door.models import BankDoor, DoorFile
from portal.bank_door.opening import default_folder, door_of, set_door
from portal.db import db
from portal.forms import saving, trim
from portal.journal import timeline
from portal.listing.page import list_page
from portal.resellers.models import TOP_FIRST, LegalEntity

bp = Blueprint("bank_door", __name__, url_prefix="/bank-door")


class DoorForm(FlaskForm):
    folder = StringField(_l("Dossier"), [InputRequired(_l("Indiquez le dossier."))], filters=[trim])
    is_open = BooleanField(_l("La porte est ouverte"))


@bp.get("")
@requires(Permission.BANK_READ)
def list_files() -> Response:
    entities = db.session.scalars(LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST))
    doors = {row.legal_entity_id: row for row in db.session.scalars(BankDoor.visible_to(g.actor))}
    return list_page(DOOR_FILES, "bank_door/list.html", entities=list(entities), doors=doors)


@bp.get("/files/<uid>")
@requires(Permission.BANK_READ)
def show_file(uid: str) -> Response:
    row = get_or_404(DoorFile.visible_to(g.actor), uid)
    return make_response(render_template("bank_door/file.html", row=row, events=timeline(row)))


@bp.post("/files/<uid>/closing")
@requires(Permission.BANK_WRITE)
def close_file(uid: str) -> Response:
    """It was looked at: it is moved aside, and nothing of it is booked."""
    row = get_or_404(DoorFile.visible_to(g.actor), uid)
    row.close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=uid), toast=_("Le fichier est écarté."))


def _entity(uid: str) -> LegalEntity:
    found: LegalEntity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return found


def _page(entity: LegalEntity, form: DoorForm, status: int = 200) -> Response:
    door = door_of(entity)
    events = timeline(door) if door else None
    page = render_template("bank_door/door.html", entity=entity, door=door, form=form, events=events)
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.ENTITY_WRITE)
def edit_door(uid: str) -> Response:
    entity = _entity(uid)
    door = door_of(entity)
    folder, is_open = (door.folder, door.is_open) if door else (default_folder(entity), False)
    return _page(entity, DoorForm(formdata=None, folder=folder, is_open=is_open))


@bp.post("/<uid>")
@requires(Permission.ENTITY_WRITE)
def change_door(uid: str) -> Response:
    """Whoever opens it lets files of money leave by themselves: asked who is there first."""
    entity, form = _entity(uid), DoorForm()
    if asking := confirm_first(url_for(".edit_door", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "folder"):
            set_door(entity, form.folder.data or "", is_open=form.is_open.data, by=g.actor)
    if form.errors:
        return _page(_entity(uid), form, 422)
    said = _("La porte est ouverte.") if form.is_open.data else _("La porte est fermée.")
    return htmx.go(url_for(".edit_door", uid=uid), toast=said)
