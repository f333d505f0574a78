"""Finds the debit that each thing in a bank file is about, and tells the same thing said twice.

By EndToEndId; by RUM and amount where the bank gives no EndToEndId and one debit fits; by lot or file. What
is about a debit and finds none is kept for people. What does not speak of our debits is counted.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from portal import clock
from portal.db import db
from portal.i18n import eur
from portal.resellers.models import LegalEntity
from portal.sepa.formats.bank_values import BankEntry, CreditTransfer
from portal.sepa.models import Batch, Collection, CollectionState, Mandate
from portal.sepa.models.bank import BankRecord, SeenTransfer
from portal.sepa.returns.doubts import (
    SURE,
    Doubt,
    absurd_day,
    doubt_of,
    explains,
    in_foreign_money,
    refused_twice,
)

OPEN = (CollectionState.EXPORTED, CollectionState.ACCEPTED)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """A debit of ours, as far as an import needs to know it."""

    id: int
    end_to_end_id: str
    amount_cents: int
    due_on: date
    state: CollectionState
    settled_on: date | None
    mandate_id: int


_COLUMNS = (
    Collection.id,
    Collection.end_to_end_id,
    Collection.amount_cents,
    Collection.due_on,
    Collection.state,
    Collection.settled_on,
    Collection.mandate_id,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One record to keep. amount_cents: of this debit alone, where the entry is about several."""

    entry: BankEntry
    key: str
    found: Found | None = None
    doubt: Doubt = SURE
    amount_cents: int | None = None


@dataclass
class Finder:
    """Of one import: what this file has said so far is told from what it says again."""

    entity: LegalEntity
    today: date = field(default_factory=clock.today)
    skipped: Counter[str] = field(default_factory=Counter)
    transfers: list[SeenTransfer] = field(default_factory=list)  # that came in, as far as it was read
    _said: Counter[tuple[object, ...]] = field(default_factory=Counter)  # unmatched, by all that they tell
    _taken: set[int] = field(default_factory=set)  # debits found by their RUM
    _named: set[int] = field(default_factory=set)  # debits of which a report has spoken one by one
    _batches: dict[str, Batch | None] = field(default_factory=dict)
    _debits_of: dict[int, list[Found]] = field(default_factory=dict)  # of the present chunk, by mandate
    _known: set[str] = field(default_factory=set)  # their keys that are kept already

    def pairs(self, entries: Sequence[BankEntry]) -> Iterator[Pair]:
        """Each entry with its debit; one about a lot or a whole file becomes one for each of its debits."""
        debits = self._by_end_to_end(entries)
        mandates = self._by_rum([each for each in entries if each.end_to_end_id.upper() not in debits])
        self._look_up(entries, mandates)
        for entry in entries:
            if entry.scope != "transaction":
                yield from self._of_several(entry)
            elif found := debits.get(entry.end_to_end_id.upper()):
                yield self._pair(entry, found)
            elif mandate := mandates.get(entry.rum.upper()):
                yield self._of_mandate(entry, mandate)
            else:
                yield from self._unknown(entry)

    def _pair(self, entry: BankEntry, found: Found) -> Pair:
        if entry.is_report:
            self._named.add(found.id)
        doubt = doubt_of(entry, found.amount_cents, found.due_on, self.today)
        return Pair(entry, self._key(entry, found, doubt), found, doubt, entry.amount_cents)

    def _unmatched(self, entry: BankEntry, why: str) -> Pair:
        """Kept for people. The same again in another file is one; two that nothing tells apart are two."""
        told = _told(entry)
        number = self._said[told]
        self._said[told] += 1
        amount = entry.amount_cents
        return Pair(entry, _digest((*told, number)), None, Doubt(why, moves=False), amount)

    def _unknown(self, entry: BankEntry) -> Iterator[Pair]:
        if entry.is_sure and entry.foreign:
            yield self._unmatched(entry, in_foreign_money(entry.foreign))
        elif entry.is_sure:
            yield self._unmatched(entry, _("Aucun prélèvement ne porte cette référence."))
        elif entry.payment_info_id and self._batch_of(entry) is not None:
            yield self._unmatched(entry, _("La banque cite une de nos remises, sans dire pour quoi."))
        elif entry.transfer and entry.amount_cents:
            self._keep_transfer(entry, entry.transfer)
        else:
            self.skipped["other_currency" if entry.foreign else "not_debit"] += 1

    def _keep_transfer(self, entry: BankEntry, transfer: CreditTransfer) -> None:
        """The same again in another file is one; two that nothing tells apart are two."""
        told = (*_told(entry), transfer.iban, "" if entry.reference else transfer.text)
        number = self._said[told]
        self._said[told] += 1
        self.transfers.append(SeenTransfer(_digest((*told, number)), entry, transfer))

    def _key(self, entry: BankEntry, found: Found, doubt: Doubt) -> str:
        """The same event told twice, in one file or two, has one key; the same debit may come back anew."""
        if not doubt.moves:
            return _digest((found.id, *_told(entry)))
        if entry.outcome != "returned":
            return _digest((entry.outcome, found.id))  # a debit is credited once, however often told
        return _returned_key(entry, found.id)

    # By EndToEndId

    def _by_end_to_end(self, entries: Iterable[BankEntry]) -> Mapping[str, Found]:
        given = {each.end_to_end_id for each in entries} - {""}
        found = self._debits(Collection.end_to_end_id, given | {each.upper() for each in given})
        # Written in another case than ours: looked up by a walk, so only for what is a debit.
        rest = {each.end_to_end_id.upper() for each in entries if each.is_sure} - {"", *found}
        return found | self._debits(func.upper(Collection.end_to_end_id), rest)

    def _debits(self, column: object, values: set[str]) -> dict[str, Found]:
        if not values:
            return {}
        query = select(*_COLUMNS).where(column.in_(values))  # type: ignore[attr-defined]
        rows = db.session.execute(query.where(Collection.legal_entity_id == self.entity.id))
        return {row.end_to_end_id.upper(): Found(*row) for row in rows}

    # By RUM and amount

    def _by_rum(self, entries: Iterable[BankEntry]) -> Mapping[str, int]:
        given = {each.rum for each in entries} - {""}
        found = self._mandates(Mandate.rum, given | {each.upper() for each in given})
        rest = {each.upper() for each in given} - set(found)
        return found | self._mandates(func.upper(Mandate.rum), rest)

    def _mandates(self, column: object, values: set[str]) -> dict[str, int]:
        if not values:
            return {}
        query = select(Mandate.rum, Mandate.id).where(column.in_(values))  # type: ignore[attr-defined]
        rows = db.session.execute(query.where(Mandate.legal_entity_id == self.entity.id))
        return {rum.upper(): mandate_id for rum, mandate_id in rows}

    def _look_up(self, entries: Iterable[BankEntry], mandates: Mapping[str, int]) -> None:
        """The debits that the mandates of a chunk have at the bank, and what is known of them."""
        self._debits_of = {mandate_id: [] for mandate_id in mandates.values()}
        if not mandates:
            return
        query = select(*_COLUMNS).where(Collection.mandate_id.in_(self._debits_of))
        for row in db.session.execute(query.where(Collection.batch_id.is_not(None)).order_by(Collection.id)):
            self._debits_of[row.mandate_id].append(Found(*row))
        mine = [(each, mandates[each.rum.upper()]) for each in entries if each.rum.upper() in mandates]
        keys = {self._key(entry, debit, SURE) for entry, id_ in mine for debit in self._debits_of[id_]}
        self._known = known_keys(self.entity, list(keys))

    def _of_mandate(self, entry: BankEntry, mandate_id: int) -> Pair:
        """The one debit of a mandate that fits, unless the bank named another one."""
        if entry.is_sure and not entry.end_to_end_id:
            fitting = [each for each in self._debits_of[mandate_id] if _fits(entry, each)]
            again = [each for each in fitting if self._key(entry, each, SURE) in self._known]
            number = self._said[_told(entry)]
            if number < len(again):
                self._said[_told(entry)] += 1
                return self._pair(entry, again[number])
            free = [each for each in fitting if each.id not in self._taken and _is_free(entry, each)]
            if len(free) == 1:
                self._said[_told(entry)] += 1
                self._taken.add(free[0].id)
                return self._pair(entry, free[0])
        return self._unmatched(entry, _("La banque ne donne que le mandat : choisissez le prélèvement."))

    # By lot, or by file

    def _of_several(self, entry: BankEntry) -> Iterator[Pair]:
        debits = list(self._of_lot(entry))
        if not debits:
            yield from self._unknown(entry)
        elif entry.outcome == "duplicate":
            yield self._unmatched(entry, refused_twice(entry.reason))
        elif not entry.is_sure:
            yield self._unmatched(entry, _("La banque cite une de nos remises, sans dire pour quoi."))
        elif entry.is_report:  # it speaks of each of them
            for found in debits:
                if found.id not in self._named:
                    yield Pair(entry, self._key(entry, found, SURE), found, SURE, found.amount_cents)
        else:
            yield from self._of_total(entry, debits)

    def _of_total(self, entry: BankEntry, debits: Sequence[Found]) -> Iterator[Pair]:
        """Each debit of a lot by its own amount, when the entry is the sum of those that are open."""
        is_open = [each for each in debits if each.state in OPEN]
        told = [each for each in debits if each.state in OPEN or each.settled_on is not None]
        if entry.outcome == "returned":
            is_open = told = [each for each in debits if each.state in (*OPEN, CollectionState.SETTLED)]
        late = max((each.due_on for each in debits), default=self.today)
        why = absurd_day(entry, late, self.today)
        if entry.foreign:
            why = in_foreign_money(entry.foreign)
        for group in () if why else (is_open, told):
            if group and sum(each.amount_cents for each in group) == entry.amount_cents:
                for found in group:
                    yield Pair(entry, self._key(entry, found, SURE), found, SURE, found.amount_cents)
                return
        why = why or _(
            "La banque a passé %(bank)s pour un lot dont %(open)s restent attendus : rien n'a bougé.",
            bank=eur(entry.amount_cents or 0),
            open=eur(sum(each.amount_cents for each in is_open)),
        )
        yield self._unmatched(entry, why)

    def _of_lot(self, entry: BankEntry) -> Iterator[Found]:
        query = lot_query(self._batch_of(entry), entry.scope, entry.payment_info_id)
        if query is not None:
            for row in db.session.execute(query.with_only_columns(*_COLUMNS).order_by(Collection.id)):
                yield Found(*row)

    def _batch_of(self, entry: BankEntry) -> Batch | None:
        msg_id = entry.payment_info_id.rpartition("-")[0]
        return self._batch(entry.message_id) or self._batch(msg_id)

    def _batch(self, msg_id: str) -> Batch | None:
        if msg_id and msg_id not in self._batches:
            self._batches[msg_id] = find_batch(self.entity, msg_id)
        return self._batches.get(msg_id)


def find_batch(entity: LegalEntity, msg_id: str) -> Batch | None:
    query = select(Batch).where(Batch.msg_id == msg_id.upper(), Batch.legal_entity_id == entity.id)
    return db.session.scalars(query).one_or_none()


def lot_query(batch: Batch | None, scope: str, payment_info_id: str) -> Select[Any] | None:
    """Query of the debits of a whole file, or of one of its lots (``REM-…-2``); None where there is none."""
    if batch is None:
        return None
    query = select(Collection).where(Collection.batch_id == batch.id)
    if scope == "group":
        number, lots = payment_info_id.rpartition("-")[2], batch.lots()
        if not number.isdecimal() or not 1 <= int(number) <= len(lots):
            return None
        lot = lots[int(number) - 1]
        query = query.where(Collection.due_on == lot.due_on, Collection.sequence_type == lot.sequence_type)
    return query


def known_keys(entity: LegalEntity, keys: Sequence[str]) -> set[str]:
    """Those of these keys under which something is kept already."""
    known: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        query = select(BankRecord.key).where(BankRecord.key.in_(keys[start : start + _CHUNK]))
        known |= set(db.session.scalars(query.where(BankRecord.legal_entity_id == entity.id)))
    return known


def _fits(entry: BankEntry, found: Found) -> bool:
    return entry.amount_cents is None or explains(entry, found.amount_cents)


def _is_free(entry: BankEntry, found: Found) -> bool:
    states = OPEN if entry.outcome == "settled" else (*OPEN, CollectionState.SETTLED)
    return found.state in states


def _returned_key(entry: BankEntry, collection_id: int) -> str:
    day = entry.booked_on.isoformat() if entry.booked_on else ""
    return _digest((entry.outcome, collection_id, entry.reason, day))


def _told(entry: BankEntry) -> tuple[object, ...]:
    """All that tells an entry from another one."""
    return (
        entry.outcome,
        entry.account,
        entry.booked_on,
        entry.amount_cents,
        entry.foreign,
        entry.rum.upper(),
        entry.end_to_end_id.upper(),
        entry.message_id,
        entry.payment_info_id,
        entry.reference,
        entry.index if entry.reference else 0,
        entry.reason,
    )


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
