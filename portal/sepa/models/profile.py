"""The bank profile of a creditor changes as a whole, and says what changed."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import mask
from portal.sepa.models.amendment import note_new_ics
from portal.sepa.models.batch import UNSEEN, Batch, BatchState

PROFILE = (
    "ics",
    "bank_name",
    "lead_days",
    "cutoff_hour",
    "message_version",
    "max_rows",
    "max_bytes",
    "one_booking",
    "writes_first",
    "hybrid_addresses",
    "two_people_over_cents",
    "freeze_day",
    "file_writer",
)


def change_profile(entity: LegalEntity, values: dict[str, Any], iban: str, *, by: Actor) -> bool:
    """Set the profile; an empty ``iban`` keeps the account. Says whether anything changed.

    A higher limit of what one person may take out alone is only noted: :func:`agree_to_limit`.
    Raises Refused while a file is being made: the same batch must give the same bytes.
    """
    before = entity.two_people_asked_cents
    values = values | {"two_people_over_cents": _limit(entity, values["two_people_over_cents"], by)}
    changed = {
        name: [getattr(entity, name), values[name]]
        for name in PROFILE
        if values[name] != getattr(entity, name)
    }
    if iban and iban != entity.iban:
        changed["iban"] = [mask(entity.iban), mask(iban)]
    if not changed:
        return entity.two_people_asked_cents != before
    refuse_while_a_file_is_made(entity)
    former_ics = entity.ics
    for name in PROFILE:
        setattr(entity, name, values[name])
    note_new_ics(entity, former_ics, by=by)
    if iban:
        entity.iban = iban
    record(entity, "profile", by=by, changed=changed)
    return True


def refuse_while_a_file_is_made(entity: LegalEntity) -> None:
    """Raises Refused: a file that is made twice of one batch must be the same file."""
    making = select(Batch.id).where(Batch.legal_entity_id == entity.id)
    making = making.where(Batch.state.in_([*UNSEEN, BatchState.FROZEN]))
    if db.session.scalar(making.limit(1)) is not None:
        raise Refused(_("Le fichier d'une remise est en cours : changez le profil quand il est fait."))


def _limit(entity: LegalEntity, cents: int, by: Actor) -> int:
    """The limit that counts now. Raising it asks for a second person, lowering it does not."""
    if cents > entity.two_people_over_cents:
        if cents != entity.two_people_asked_cents:
            entity.two_people_asked_cents, entity.two_people_asked_by_id = cents, by.id
            record(entity, "ask_limit", by=by, before_cents=entity.two_people_over_cents, after_cents=cents)
        return entity.two_people_over_cents
    if cents < entity.two_people_over_cents:
        entity.two_people_asked_cents = entity.two_people_asked_by_id = None
    return cents


def drop_asked_limit(entity: LegalEntity, *, by: Actor) -> None:
    """Whoever asked for a higher limit, or refuses it, says no."""
    if entity.two_people_asked_cents is not None:
        record(entity, "drop_limit", by=by, asked_cents=entity.two_people_asked_cents)
        entity.two_people_asked_cents = entity.two_people_asked_by_id = None


def agree_to_limit(entity: LegalEntity, *, by: Actor) -> None:
    """The second person agrees to the higher limit that another one asked for."""
    if entity.two_people_asked_cents is None:
        raise Refused(_("Aucun plafond plus haut n'est demandé."))
    if is_same_person(by, entity.two_people_asked_by_id):
        raise Refused(_("Vous avez demandé ce plafond : une deuxième personne doit l'accepter."))
    before, after = entity.two_people_over_cents, entity.two_people_asked_cents
    entity.two_people_over_cents = after
    entity.two_people_asked_cents = entity.two_people_asked_by_id = None
    record(entity, "agree_limit", by=by, before_cents=before, after_cents=after)
