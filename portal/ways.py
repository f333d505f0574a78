"""How another system of one issuer is reached: by a folder of its own, or at an address with a token."""

from typing import Any

from sqlalchemy import select

from portal.db import db
from portal.errors import Refused
from portal.folders import check_folder, checked_name
from portal.public_places import checked_address
from portal.wording import N_


def free_name(kind: Any, entity_id: int, typed: str) -> str:
    """The name of a folder that no other issuer has among rows of a kind. Raises Refused beside the field."""
    name = checked_name(typed)
    taken = select(kind.id).where(kind.folder == name, kind.legal_entity_id != entity_id)
    if db.session.scalar(taken) is not None:
        raise Refused(N_("Une autre entité a déjà ce dossier."), field="folder")
    return name


def own_folder(kind: Any, entity_id: int, typed: str, *, root: str) -> str:
    """Such a name, whose folder is made and tried below a setting. Raises Refused beside the field."""
    name = free_name(kind, entity_id, typed)
    check_folder(name, root=root)
    return name


def set_address(row: Any, address: str, token: str) -> None:
    """As typed: "" keeps the present one. Raises Refused beside the field for an address that is missing or
    not of the public internet, and for a token that is missing.
    """
    if address:
        row.address = checked_address(address)
        row.token = token or None  # a token is never carried to another address
    elif token:
        row.token = token
    if not row.address:
        raise Refused(N_("Indiquez l'adresse."), field="address")
    if not row.token:
        raise Refused(N_("Indiquez le jeton."), field="token")
