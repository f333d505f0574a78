"""Choosing a platform and how it is reached."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.platform.models import Platform, Way
from portal.resellers.models import LegalEntity
from portal.ways import own_folder, set_address
from portal.wording import N_


@dataclass(frozen=True, slots=True)
class Choice:
    """As typed. send_from: Paris day. address, token: "" keeps the present one."""

    way: Way
    send_from: date | None
    folder: str = ""
    address: str = ""
    token: str = ""


def platform_of(entity: LegalEntity) -> Platform | None:
    return db.session.scalars(select(Platform).where(Platform.legal_entity_id == entity.id)).one_or_none()


def choose(entity: LegalEntity, choice: Choice, *, by: Actor) -> Platform:
    """Off until somebody chooses. What waits leaves the new way.

    Raises Refused beside the field: a first day that is missing or has passed, a folder that cannot be
    written or is another issuer's, an address that is not of the public internet.
    """
    row = platform_of(entity)
    if choice.way != Way.OFF:
        _check_day(row, choice.send_from)
    if row is None:
        owner = db.session.get_one(Organisation, entity.organisation_id)
        row = Platform(organisation=owner, legal_entity_id=entity.id, way=Way.OFF)
        db.session.add(row)
        db.session.flush()
    if choice.way == Way.FOLDER:
        row.folder = own_folder(Platform, entity.id, choice.folder, root="PLATFORM_DIR")
    if choice.way == Way.HTTP:
        set_address(row, choice.address, choice.token)
    row.way, row.send_from = choice.way, choice.send_from
    row.next_at, row.failures, row.failing_since, row.fault = None, 0, None, ""
    record(row, "choose", by=by, way=row.way, send_from=str(row.send_from))
    return row


def _check_day(row: Platform | None, first: date | None) -> None:
    if first is None:
        raise Refused(N_("Indiquez le premier jour."), field="send_from")
    if first < clock.today() and (row is None or row.send_from != first):
        raise Refused(N_("Ce jour est passé : ses factures sont déjà parties autrement."), field="send_from")
