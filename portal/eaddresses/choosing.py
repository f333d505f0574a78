"""Choosing how the directory is reached, and reading a file that a person brings."""

import hashlib
from dataclasses import dataclass

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import db
from portal.eaddresses.csv_lines import read_lines
from portal.eaddresses.keeping import keep_told
from portal.eaddresses.models import EAddressDirectory, EAddressFile, F, Way
from portal.eaddresses.queries import directory_of
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.ways import own_folder, set_address
from portal.wording import N_


@dataclass(frozen=True, slots=True)
class Choice:
    """As typed. holds_back: does the monthly run leave out whom no good address is known of? token: ""
    keeps the present one.
    """

    way: Way
    holds_back: bool = False
    folder: str = ""
    address: str = ""
    token: str = ""


def choose(entity: LegalEntity, choice: Choice, *, by: Actor) -> EAddressDirectory:
    """Off until somebody chooses; what is known already stays known.

    Raises Refused beside the field: a folder that cannot be written or is another issuer's, an address that
    is not of the public internet.
    """
    row = directory_of(entity)
    if row is None:
        owner = db.session.get_one(Organisation, entity.organisation_id)
        row = EAddressDirectory(organisation=owner, legal_entity_id=entity.id, way=Way.OFF)
        db.session.add(row)
        db.session.flush()
    if choice.way == Way.FILES:
        row.folder = own_folder(EAddressDirectory, entity.id, choice.folder, root="EADDRESS_DIR")
    if choice.way == Way.HTTP:
        set_address(row, choice.address, choice.token)
    row.way, row.holds_back = choice.way, choice.holds_back
    row.next_at, row.failures, row.failing_since, row.fault = None, 0, None, ""
    record(row, "choose", by=by, way=row.way, holds_back=row.holds_back)
    return row


def bring_file(directory: EAddressDirectory, data: bytes, name: str, *, by: Actor) -> EAddressFile:
    """Read a file that a person brings: all of it, at once. Raises Refused for what is not whole."""
    if directory.way == Way.OFF:
        raise Refused(N_("Choisissez d'abord comment l'annuaire se joint."), field="file")
    told = read_lines(data, name or "csv")
    row = EAddressFile(
        organisation=db.session.get_one(Organisation, directory.organisation_id),
        directory_id=directory.id,
        state=F.ARRIVING,
        name=told.source,
        brought_by=by.label,
        size_bytes=len(data),
        seen_at=clock.now(),
        sha256=hashlib.sha256(data).hexdigest(),
        line_count=told.number,
        is_moved=True,
    )
    db.session.add(row)
    db.session.flush()
    row.move_on("read", by=by, lines=told.number)
    keep_told(directory, told)
    return row
