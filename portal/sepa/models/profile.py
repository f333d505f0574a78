"""The bank profile of a creditor changes as a whole, and says what changed."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.iban import mask
from portal.sepa.models.batch import Batch, BatchState

PROFILE = (
    "ics", "bank_name", "lead_days", "cutoff_hour", "message_version", "max_rows", "max_bytes", "one_booking",
    "writes_first", "hybrid_addresses", "two_people_over_cents", "freeze_day",
)  # fmt: skip


def change_profile(entity: LegalEntity, values: dict[str, Any], iban: str, *, by: Any) -> bool:
    """Set the profile; an empty ``iban`` keeps the account. Says whether anything changed.

    Raises Refused while a file is being made: the same batch must give the same bytes.
    """
    changed = {
        name: [getattr(entity, name), values[name]]
        for name in PROFILE
        if values[name] != getattr(entity, name)
    }
    if iban and iban != entity.iban:
        changed["iban"] = [mask(entity.iban), mask(iban)]
    if not changed:
        return False
    making = select(Batch.id).where(Batch.legal_entity_id == entity.id, Batch.state == BatchState.FROZEN)
    if db.session.scalar(making.limit(1)) is not None:
        raise Refused(_("Le fichier d'une remise est en cours : changez le profil quand il est fait."))
    for name in PROFILE:
        setattr(entity, name, values[name])
    if iban:
        entity.iban = iban
    record(entity, "profile", by=by, changed=changed)
    return True
