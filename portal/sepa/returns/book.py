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
from portal.sepa.formats.bank_answers import BankEntry, BankFileHead, BankStatement, read_bank_file
from portal.sepa.formats.bank_elements import account_of
from portal.sepa.models import Batch
from portal.sepa.models.bank import (
    SKIPPED,
    BankFile,
    BankRecord,
    RecordState,
    orders_answered,
    orders_given,
    own_reactions,
    transfers_seen,
)
from portal.sepa.reactions import Reaction, reaction_for
from portal.sepa.returns.finding import Finder, Pair, known_keys

REACT = "sepa.react"  # kind of the task that does what follows
LARGEST = 64 * 1024 * 1024  # bytes of a bank file
_CHUNK = 1000
_NAMED = 4  # accounts that a refusal names


@dataclass
class Imported:
    """What an import did: counts, what was left out and why, and the reactions that follow, by name."""

    file: BankFile
    entries: int = 0
    matched: int = 0
    unmatched: int = 0
    duplicates: int = 0
    transfers: int = 0  # that came in and were new
    moved: int = 0  # records of which something follows by itself
    skipped: Counter[str] = field(default_factory=Counter)
    reactions: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "duplicates": self.duplicates,
            "transfers": self.transfers,
            "skipped": dict(sorted(self.skipped.items())),
            "reactions": dict(sorted(self.reactions.items())),
        }


@dataclass
class Source:
    """Which accounts and which batches a file is about, as far as it was read."""

    entity: LegalEntity
    is_ours: bool = False
    others: dict[str, None] = field(default_factory=dict)  # in the order of the file
    _batches: dict[str, bool] = field(default_factory=dict)

    def has(self, statement: BankStatement) -> None:
        """Note a statement, also one without any entry."""
        self._is_own_account(statement.account)

    def own(self, entries: Sequence[BankEntry]) -> Iterator[tuple[BankEntry, bool]]:
        """Each entry, and whether it is of this creditor's account, or of one of its batches."""
        messages = {each.message_id for each in entries if each.is_report} - {"", *self._batches}
        if messages:
            query = select(Batch.msg_id, Batch.legal_entity_id).where(Batch.msg_id.in_(messages))
            for msg_id, entity_id in db.session.execute(query):
                self._batches[msg_id] = entity_id == self.entity.id
            for _who, given in orders_given.send(None, messages=messages):
                self._batches |= {msg_id: number == self.entity.id for msg_id, number in given.items()}
        for entry in entries:
            yield entry, self._is_own_batch(entry) if entry.is_report else self._is_own_account(entry.account)

    def _is_own_account(self, account: str) -> bool:
        if not account or account == account_of(self.entity.iban or ""):
            self.is_ours = True
            return True
        self.others.setdefault(f"{account[:4]}…{account[-4:]}")
        return False

    def _is_own_batch(self, entry: BankEntry) -> bool:
        if self._batches.get(entry.message_id, True):
            self.is_ours = True
            return True
        self.others.setdefault(entry.message_id)
        return False

    def check(self, kind: str) -> None:
        """Refuse a file in which nothing is of this creditor, and name what it has."""
        if self.is_ours or not self.others:
            return
        named = ", ".join([*self.others][:_NAMED])
        if kind == "pain.002":
            sentence = _("Ce fichier parle de la remise %(msg)s d'un autre créancier.", msg=named)
        elif len(self.others) == 1:
            sentence = _("Ce fichier est celui d'un autre compte (%(iban)s).", iban=named)
        else:
            more = "…" if len(self.others) > _NAMED else ""
            sentence = _("Ce fichier est celui d'autres comptes (%(ibans)s).", ibans=named + more)
        raise Refused(sentence, field="file")


def import_bank_file(entity: LegalEntity, data: bytes, filename: str, *, by: Actor) -> Imported:
    """Book a file of this creditor's bank, inside the present transaction.

    The same file, or the same entry in another file, changes nothing and is counted as a duplicate. What is
    of another account, not booked, in another currency, about no debit or only for information is counted.
    Raises BankFileError for a file that cannot be read, Refused for one of another creditor or too large.

    Source: EPC130-08 (the bank gives back the EndToEndId and the creditor reference of the debit).
    """
    if len(data) > LARGEST:
        raise Refused(_("Ce fichier dépasse 64 Mo."), field="file")
    _one_at_a_time(entity)
    sha256 = hashlib.sha256(data).hexdigest()
    if known := _known_file(entity, sha256):
        return Imported(known, entries=known.entries, duplicates=known.entries + known.transfers)
    items = read_bank_file(io.BytesIO(data))
    head = next((item for item in items if isinstance(item, BankFileHead)), None)
    assert head is not None, "a readable file has a head"
    result = Imported(_new_file(entity, head, filename, sha256, by))
    own, finder, source = own_reactions(entity), Finder(entity), Source(entity)
    finder.skipped = result.skipped
    for chunk in _chunks(_entries(items, source)):
        ours = [entry for entry, is_own in source.own(chunk) if _counts(entry, result, is_own=is_own)]
        _book(entity, result, list(finder.pairs(_without_orders(ours, result))), own)
        _keep_transfers(result, finder)
    source.check(head.kind)
    _finish(result, data, by)
    return result


def _entries(items: Iterable[object], source: Source) -> Iterator[BankEntry]:
    for item in items:
        if isinstance(item, BankEntry):
            yield item
        elif isinstance(item, BankStatement):
            source.has(item)


def _counts(entry: BankEntry, result: Imported, *, is_own: bool) -> bool:
    """Is an entry to be matched? What is left out is counted."""
    if not is_own:
        result.skipped["other_account"] += 1
    elif entry.is_information:
        result.skipped["informational"] += 1
    elif not entry.is_booked:
        result.skipped["not_booked"] += 1
    else:
        return True
    return False


def _without_orders(entries: list[BankEntry], result: Imported) -> list[BankEntry]:
    """Those that are not about transfers of ours; what is said of these is kept by whoever gave them."""
    for _who, answered in orders_answered.send(result.file, entries=entries):
        result.entries += len(answered.places)
        result.matched += answered.new
        result.duplicates += len(answered.places) - answered.new
        entries = [each for place, each in enumerate(entries) if place not in answered.places]
    return entries


def _one_at_a_time(entity: LegalEntity) -> None:
    """Two files of one creditor may say the same: the second is read when the first is booked."""
    query = select(LegalEntity.id).where(LegalEntity.id == entity.id)
    db.session.execute(query.with_for_update(key_share=True))


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
        transfers=0,
        **dict.fromkeys(SKIPPED, 0),
    )
    db.session.add(file)
    db.session.flush()
    return file


def _finish(result: Imported, data: bytes, by: Actor) -> None:
    file = result.file
    file.entries, file.matched = result.entries, result.matched
    file.unmatched, file.duplicates = result.unmatched, result.duplicates
    file.transfers = result.transfers
    for name, count in result.skipped.items():
        setattr(file, name, count)
    file.document = keep(
        data,
        owner=file.organisation,
        subject=file,
        kind="bank_file",
        filename=f"{file.kind}-{file.uid}.xml",
        media_type="application/xml",
    )
    record(file, "import", by=by, entries=file.entries, matched=file.matched, unmatched=file.unmatched)
    if result.moved:
        jobs.enqueue(REACT, file.uid, file.organisation, total=result.moved, unit="rows")


def _chunks(entries: Iterable[BankEntry]) -> Iterator[list[BankEntry]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _book(entity: LegalEntity, result: Imported, pairs: Sequence[Pair], own: Mapping[str, Reaction]) -> None:
    keyed = {pair.key: pair for pair in reversed(pairs)}  # of two that are the same, the first
    known = known_keys(entity, list(keyed))
    result.entries += len(pairs)
    result.duplicates += len(pairs) - len(keyed) + len(known)
    rows = []
    for key, pair in reversed(keyed.items()):
        if key in known:
            continue
        rows.append(row_of(result.file, pair))
        if pair.found is None:
            result.unmatched += 1
            continue
        result.matched += 1
        if pair.doubt.moves:
            result.moved += 1
            if pair.entry.outcome == "returned":
                result.reactions[reaction_for(pair.entry.reason, own).name] += 1
    for start in range(0, len(rows), _CHUNK):
        db.session.execute(insert(BankRecord), rows[start : start + _CHUNK])


def _keep_transfers(result: Imported, finder: Finder) -> None:
    """Whoever looks after transfers keeps those that came in; what was known already is told as such."""
    seen, finder.transfers = finder.transfers, []
    if seen:
        new = sum(count for _who, count in transfers_seen.send(result.file, seen=seen))
        result.transfers += new
        result.duplicates += len(seen) - new


def row_of(file: BankFile, pair: Pair) -> dict[str, Any]:
    """Columns of a record. amount_cents: of its debit alone, also where the bank moved a lot at once."""
    entry, found = pair.entry, pair.found
    state = RecordState.UNMATCHED if found is None else RecordState.TO_REVIEW
    return {
        "uid": new_uid(),
        "created_at": clock.now(),
        "organisation_id": file.organisation_id,
        "org_path": file.org_path,
        "bank_file_id": file.id,
        "legal_entity_id": file.legal_entity_id,
        "collection_id": found.id if found else None,
        "key": pair.key,
        "state": (RecordState.MATCHED if pair.doubt.moves else state).value,
        "outcome": entry.outcome,
        "reason": entry.reason[:35],
        "detail": (entry.detail or entry.foreign)[:140],
        "amount_cents": pair.amount_cents,
        "fee_cents": entry.fee_cents,
        "booked_on": entry.booked_on or clock.today(),
        "reference": entry.reference[:140],
        "end_to_end_id": entry.end_to_end_id[:35],
        "rum": entry.rum[:35],
        "scope": entry.scope,
        "message_id": entry.message_id[:35],
        "lot": entry.payment_info_id[:35],
        "why": pair.doubt.why[:200],
    }
