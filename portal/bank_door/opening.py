"""Opening and shutting the door of a legal entity."""

from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.bank_door.models import BankDoor
from portal.db import db
from portal.errors import Refused
from portal.folders import check_folder
from portal.resellers.models import LegalEntity
from portal.ways import free_name
from portal.wording import N_


def door_of(entity: LegalEntity) -> BankDoor | None:
    return db.session.scalars(select(BankDoor).where(BankDoor.legal_entity_id == entity.id)).one_or_none()


def default_folder(entity: LegalEntity) -> str:
    """A name that no other entity has."""
    return entity.uid


def set_door(entity: LegalEntity, folder: str, *, is_open: bool, by: Actor) -> BankDoor:
    """Open it, with each move tried first, or shut it. Off until somebody opens it.

    Raises Refused beside the field for a folder that is none, is another entity's, or cannot be written; and
    for another folder while a file is about to leave.
    """
    name = free_name(BankDoor, entity.id, folder)
    if is_open:
        check_folder(name)
    door = door_of(entity)
    if door is None:
        owner = db.session.get_one(Organisation, entity.organisation_id)
        door = BankDoor(organisation=owner, legal_entity_id=entity.id, folder=name, is_open=False)
        db.session.add(door)
        db.session.flush()
    elif door.folder != name and door.is_open:
        raise Refused(
            N_("Fermez d'abord la porte : un autre dossier s'indique porte fermée."), field="folder"
        )
    door.set(name, is_open=is_open, by=by)
    return door
