"""Keeps the transfers that a bank file tells of, inside the transaction that books the file."""

from collections.abc import Sequence

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.sepa.formats.iban import mask
from portal.sepa.formats.payers import payer_word
from portal.sepa.models.bank import BankFile, SeenTransfer, transfers_seen
from portal.wires.models import IncomingTransfer, WireState

MATCH = (
    "wires.match"  # kind of the task that books what is certain, by uid of a file, or of a creditor and a day
)
_CHUNK = 500


@transfers_seen.connect
def keep_transfers(file: BankFile, *, seen: Sequence[SeenTransfer]) -> int:
    """How many of them were new. The creditor is locked: no other file keeps the same ones meanwhile."""
    keyed = {each.key: each for each in seen}
    known = _known(file, list(keyed))
    new = [each for key, each in keyed.items() if key not in known]
    db.session.add_all([_row(file, each) for each in new])
    db.session.flush()
    if new:
        jobs.enqueue(MATCH, file.uid, file.organisation, unit="rows")
    return len(new)


def _known(file: BankFile, keys: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        query = select(IncomingTransfer.key).where(IncomingTransfer.legal_entity_id == file.legal_entity_id)
        known |= set(db.session.scalars(query.where(IncomingTransfer.key.in_(keys[start : start + _CHUNK]))))
    return known


def _row(file: BankFile, seen: SeenTransfer) -> IncomingTransfer:
    entry, told = seen.entry, seen.transfer
    assert entry.amount_cents is not None, "only euros are kept"
    row = IncomingTransfer(
        organisation=file.organisation,
        bank_file_id=file.id,
        legal_entity_id=file.legal_entity_id,
        key=seen.key,
        state=WireState.WAITING,
        booked_on=entry.booked_on or clock.today(),
        amount_cents=entry.amount_cents,
        account=mask(entry.account) if entry.account else "",
        payer=told.name[:140],
        payer_word=payer_word(told.name),
        text=told.text[:500],
        reference=entry.reference[:140],
        end_to_end_id=entry.end_to_end_id[:35],
        iban_masked=mask(told.iban) if told.iban else "",
        why="",
    )
    row.iban = told.iban or None
    return row
