"""Books a bank file: every entry kept once, matched to its debit, or put in the queue of the unmatched.

One transaction per file: a file that cannot be read, is cut short or belongs to another creditor leaves
nothing. What follows from a return is done afterwards, record by record (:mod:`portal.sepa.returns.react`).
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.blobs import keep
from portal.db import db, new_uid
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.formats.bank_answers import BankEntry, BankFileHead, read_bank_file
from portal.sepa.models import Batch, Collection
from portal.sepa.models.bank import BankFile, BankRecord, RecordState, own_reactions
from portal.sepa.reactions import Reaction, reaction_for

REACT = "sepa.react"  # kind of the task that does what follows
LARGEST = 64 * 1024 * 1024  # bytes of a bank file
_CHUNK = 1000


@dataclass
class Imported:
    """What an import did: counts, and the reactions that follow, by name."""

    file: BankFile
    entries: int = 0
    matched: int = 0
    unmatched: int = 0
    duplicates: int = 0
    reactions: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "duplicates": self.duplicates,
            "reactions": dict(sorted(self.reactions.items())),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A debit of ours, as far as an import needs to know it."""

    id: int
    end_to_end_id: str
    amount_cents: int
    organisation_id: int
    org_path: str


def import_bank_file(entity: LegalEntity, data: bytes, filename: str, *, by: Actor) -> Imported:
    """Book a file of this creditor's bank, inside the present transaction.

    The same file, or the same entry in another file, changes nothing and is counted as a duplicate.
    Raises BankFileError for a file that cannot be read, Refused for one of another creditor or too large.

    Source: EPC130-08 (the bank gives back the EndToEndId and the creditor reference of the debit).
    """
    if len(data) > LARGEST:
        raise Refused(_("Ce fichier dépasse 64 Mo."), field="file")
    sha256 = hashlib.sha256(data).hexdigest()
    if known := _known_file(entity, sha256):
        return Imported(known, entries=known.entries, duplicates=known.entries)
    items = read_bank_file(io.BytesIO(data))
    head = next((item for item in items if isinstance(item, BankFileHead)), None)
    assert head is not None, "a readable file has a head"
    result = Imported(_new_file(entity, head, filename, sha256, by))
    own = own_reactions(entity)
    for chunk in _chunks(item for item in items if isinstance(item, BankEntry)):
        _check_creditor(entity, chunk)
        _book(entity, result, [*_expanded(entity, chunk)], own)
    _finish(result, data, by)
    return result


def _known_file(entity: LegalEntity, sha256: str) -> BankFile | None:
    query = select(BankFile).where(BankFile.legal_entity_id == entity.id, BankFile.sha256 == sha256)
    return db.session.scalars(query).one_or_none()


def _new_file(entity: LegalEntity, head: BankFileHead, filename: str, sha256: str, by: Actor) -> BankFile:
    owner = db.session.get_one(Organisation, entity.organisation_id)
    file = BankFile(
        organisation=owner,
        legal_entity_id=entity.id,
        kind=head.kind,
        message_id=head.message_id[:140],
        filename=filename[:140],
        sha256=sha256,
        imported_by=by.label,
        entries=0,
        matched=0,
        unmatched=0,
        duplicates=0,
    )
    db.session.add(file)
    db.session.flush()
    return file


def _finish(result: Imported, data: bytes, by: Actor) -> None:
    file = result.file
    file.entries, file.matched = result.entries, result.matched
    file.unmatched, file.duplicates = result.unmatched, result.duplicates
    file.document = keep(
        data,
        owner=file.organisation,
        subject=file,
        kind="bank_file",
        filename=f"{file.kind}-{file.uid}.xml",
        media_type="application/xml",
    )
    record(file, "import", by=by, entries=file.entries, matched=file.matched, unmatched=file.unmatched)
    if result.matched:
        jobs.enqueue(REACT, file.uid, file.organisation, total=result.matched, unit="rows")


def _chunks(entries: Iterable[BankEntry]) -> Iterator[list[BankEntry]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _check_creditor(entity: LegalEntity, entries: Sequence[BankEntry]) -> None:
    """Refuse a statement of another account, or a report on another creditor's file."""
    foreign = next((each.account for each in entries if each.account and each.account != entity.iban), None)
    if foreign:
        raise Refused(
            _("Ce fichier est celui d'un autre compte (%(iban)s).", iban=f"{foreign[:4]}…{foreign[-4:]}"),
            field="file",
        )
    messages = {each.message_id for each in entries if each.message_id}
    query = select(Batch.msg_id).where(Batch.msg_id.in_(messages), Batch.legal_entity_id != entity.id)
    if messages and (other := db.session.scalars(query.limit(1)).first()):
        raise Refused(
            _("Ce fichier parle de la remise %(msg)s d'un autre créancier.", msg=other), field="file"
        )


# Matching


def _expanded(entity: LegalEntity, entries: Sequence[BankEntry]) -> Iterator[tuple[BankEntry, Found | None]]:
    """Each entry with its debit; one about a lot or a whole file becomes one for each of its debits."""
    single = {each.end_to_end_id for each in entries if each.scope == "transaction"}
    known = _by_end_to_end(entity, single)
    for entry in entries:
        if entry.scope == "transaction":
            yield entry, known.get(entry.end_to_end_id)
        else:
            found = list(_of_lot(entity, entry))
            yield from ((entry, each) for each in found)
            if not found:
                yield entry, None


_COLUMNS = (
    Collection.id,
    Collection.end_to_end_id,
    Collection.amount_cents,
    Collection.organisation_id,
    Collection.org_path,
)


def _by_end_to_end(entity: LegalEntity, ids: set[str]) -> Mapping[str, Found]:
    query = select(*_COLUMNS).where(Collection.end_to_end_id.in_(ids - {""}))
    rows = db.session.execute(query.where(Collection.legal_entity_id == entity.id))
    return {row.end_to_end_id: Found(*row) for row in rows}


def _of_lot(entity: LegalEntity, entry: BankEntry) -> Iterator[Found]:
    """The debits of a whole file, or of one of its lots (``REM-…-2``)."""
    msg_id, _dash, number = entry.payment_info_id.rpartition("-")
    batch = _batch(entity, entry.message_id or msg_id) or _batch(entity, msg_id)
    if batch is None:
        return
    query = select(*_COLUMNS).where(Collection.batch_id == batch.id)
    if entry.scope == "group":
        lots = batch.lots()
        if not number.isdigit() or not 1 <= int(number) <= len(lots):
            return
        lot = lots[int(number) - 1]
        query = query.where(Collection.due_on == lot.due_on, Collection.sequence_type == lot.sequence_type)
    for row in db.session.execute(query.order_by(Collection.id)):
        yield Found(*row)


def _batch(entity: LegalEntity, msg_id: str) -> Batch | None:
    query = select(Batch).where(Batch.msg_id == msg_id, Batch.legal_entity_id == entity.id)
    return db.session.scalars(query).one_or_none()


# Booking


def _book(
    entity: LegalEntity,
    result: Imported,
    pairs: Sequence[tuple[BankEntry, Found | None]],
    own: Mapping[str, Reaction],
) -> None:
    keyed = {_key(entry, found): (entry, found) for entry, found in pairs}
    known = _known_keys(entity, list(keyed))
    result.entries += len(pairs)
    result.duplicates += len(pairs) - len(keyed) + len(known)
    rows = []
    for key, (entry, found) in keyed.items():
        if key in known:
            continue
        rows.append(_row(result.file, key, entry, found))
        if found is None:
            result.unmatched += 1
        else:
            result.matched += 1
            if entry.outcome == "returned":
                result.reactions[reaction_for(entry.reason, own).name] += 1
    for start in range(0, len(rows), _CHUNK):
        db.session.execute(insert(BankRecord), rows[start : start + _CHUNK])


def _key(entry: BankEntry, found: Found | None) -> str:
    """The same event told twice, in one file or two, has one key; the same debit may come back anew."""
    if found is not None and entry.outcome != "returned":
        parts: tuple[object, ...] = (entry.outcome, found.id)  # a debit is credited once, however often told
    elif found is not None:
        day = entry.booked_on.isoformat() if entry.booked_on else ""
        parts = (entry.outcome, found.id, entry.reason, day)
    else:
        parts = (
            entry.outcome,
            entry.account,
            entry.reference,
            entry.index,
            entry.end_to_end_id,
            entry.message_id,
            entry.payment_info_id,
            entry.amount_cents,
            entry.reason,
        )
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def _known_keys(entity: LegalEntity, keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        query = select(BankRecord.key).where(BankRecord.key.in_(keys[start : start + _CHUNK]))
        known |= set(db.session.scalars(query.where(BankRecord.legal_entity_id == entity.id)))
    return known


def _row(file: BankFile, key: str, entry: BankEntry, found: Found | None) -> dict[str, Any]:
    owner = (file.organisation_id, file.org_path)
    return {
        "uid": new_uid(),
        "created_at": clock.now(),
        "organisation_id": owner[0],
        "org_path": owner[1],
        "bank_file_id": file.id,
        "legal_entity_id": file.legal_entity_id,
        "collection_id": found.id if found else None,
        "key": key,
        "state": (RecordState.MATCHED if found else RecordState.UNMATCHED).value,
        "outcome": entry.outcome,
        "reason": entry.reason[:35],
        "detail": entry.detail[:140],
        "amount_cents": entry.amount_cents,
        "fee_cents": entry.fee_cents,
        "booked_on": entry.booked_on or clock.today(),
        "reference": entry.reference[:140],
        "end_to_end_id": entry.end_to_end_id[:35],
        "rum": entry.rum[:35],
        "why": _doubt(entry, found),
    }


def _doubt(entry: BankEntry, found: Found | None) -> str:
    """What somebody has to look at, though the entry was matched; empty when nothing."""
    if found is None:
        return _("Aucun prélèvement ne porte cette référence.")
    if entry.scope == "transaction" and entry.amount_cents not in (None, found.amount_cents):
        return _("Le montant de la banque n'est pas celui du prélèvement.")
    return ""
