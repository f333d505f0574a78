"""The bank profile of a creditor changes as a whole, and says what changed.

What moves money, or how it is watched, is only asked for: see :mod:`portal.sepa.models.creditor_change`.
"""

from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.resellers.models import LegalEntity, pin_issuers
from portal.sepa.models.amendment import note_new_ics
from portal.sepa.models.batch import UNSEEN, Batch, BatchState
from portal.sepa.models.creditor_change import CreditorChange, ask_change, open_creditor_change
from portal.wording import N_

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
_LIMIT = "two_people_over_cents"
ACCOUNT = ("ics", "iban", "bank_name")  # of a new entity a second person agrees to them
_BY_TWO = ("ics", "iban", "bank_name", "max_rows", "max_bytes", _LIMIT)


class Outcome(NamedTuple):
    """What became of a form: what counts already, and what waits for a second person."""

    changed: bool
    asked: CreditorChange | None

    def __bool__(self) -> bool:
        return self.changed or self.asked is not None


def change_profile(entity: LegalEntity, values: dict[str, Any], iban: str, *, by: Actor) -> Outcome:
    """Set what one person may set, and ask for the rest; an empty ``iban`` keeps the account.

    A lower limit of what one person may take out alone counts at once, and stops a higher one that waits.
    An entity that waits for its account asks for it again where the first request was stopped.
    Raises Refused for an ICS that is taken away, and while a file is being made: the same batch must give the
    same bytes.
    """
    if entity.ics and not values["ics"]:
        raise Refused(N_("Un ICS se remplace, il ne se retire pas : des mandats le portent."), field="ics")
    wanted = values | {"iban": iban or entity.iban}
    changed = {name: value for name, value in wanted.items() if value != getattr(entity, name)}
    lowers = _LIMIT in changed and changed[_LIMIT] < entity.two_people_over_cents
    asked = {name: changed[name] for name in _BY_TWO if name in changed and not (name == _LIMIT and lowers)}
    if not entity.is_open and open_creditor_change(entity) is None:
        asked |= {name: wanted[name] for name in ACCOUNT}
    alone = {name: value for name, value in changed.items() if name not in asked}
    if changed:
        refuse_while_a_file_is_made(entity)
    if lowers:
        _stop_higher_limit(entity, by)
    change = ask_change(entity, asked, by=by) if asked else None
    if alone:
        told = {name: [getattr(entity, name), value] for name, value in alone.items()}
        for name, value in alone.items():
            setattr(entity, name, value)
        record(entity, "profile", by=by, changed=told)
    return Outcome(bool(alone), change)


def ask_account(entity: LegalEntity, iban: str, bank_name: str, *, by: Actor) -> CreditorChange | None:
    """Ask for another account of a creditor, for whoever may change nothing else of it.

    Returns what waits for the second person; None where the account is this one already. Raises Refused
    while another change waits, and while a file is being made.
    """
    values = {name: getattr(entity, name) for name in PROFILE} | {"bank_name": bank_name}
    return change_profile(entity, values, iban, by=by).asked


def _stop_higher_limit(entity: LegalEntity, by: Actor) -> None:
    waiting = open_creditor_change(entity)
    if waiting is not None and _LIMIT in waiting.asked():
        waiting.stop(by=by)


def apply_change(change: CreditorChange) -> None:
    """Let an agreed change count. Raises Refused while a file is being made: it counts an hour later."""
    entity = change.legal_entity
    refuse_while_a_file_is_made(entity)
    former_ics, values = entity.ics, change.asked()
    if values.pop("is_default", False):
        bill_from_now(entity)
    if not entity.is_open:
        pin_issuers(entity.org_path)
        entity.is_open = True
    for name, value in values.items():
        setattr(entity, name, value)
    note_new_ics(entity, former_ics, by=SYSTEM)
    change.apply(by=SYSTEM)
    record(entity, "profile", by=SYSTEM, changed={name: [was, now] for name, was, now in change.told})


def bill_from_now(entity: LegalEntity) -> None:
    """It is the default one of its node: who is recorded below is billed by it, who is there keeps theirs."""
    pin_issuers(entity.org_path)
    same = update(LegalEntity).where(LegalEntity.organisation_id == entity.organisation_id)
    db.session.execute(same.values(is_default=False))
    entity.is_default = True
    record(entity, "make_default", by=SYSTEM)


def refuse_while_a_file_is_made(entity: LegalEntity) -> None:
    """Raises Refused: a file that is made twice of one batch must be the same file."""
    making = select(Batch.id).where(Batch.legal_entity_id == entity.id)
    making = making.where(Batch.state.in_([*UNSEEN, BatchState.FROZEN]))
    if db.session.scalar(making.limit(1)) is not None:
        raise Refused(_("Le fichier d'une remise est en cours : changez le profil quand il est fait."))
