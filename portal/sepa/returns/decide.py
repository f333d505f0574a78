"""What somebody decides of a record that waits: which debits it is about, whether the money is there."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, insert, select

from portal import clock, jobs
from portal.actor import Actor
from portal.db import db, new_uid
from portal.errors import Refused
from portal.i18n import eur
from portal.journal import record
from portal.paging import Page, chunk_of, page_of
from portal.sepa.models import Collection, CollectionState, Mandate
from portal.sepa.models.bank import BankRecord, RecordState, own_reactions
from portal.sepa.reactions import reaction_for
from portal.sepa.returns.book import REACT
from portal.sepa.returns.finding import OPEN, find_batch, lot_query
from portal.sepa.returns.react import AT_BANK, come_back, following, react, retry, stop_following

_WAITS = (RecordState.UNMATCHED, RecordState.TO_REVIEW)
_OFFERED = 200  # debits of a lot on one page
_CHUNK = 1000

# Which debit it is about


def proposals(rows: Sequence[BankRecord]) -> dict[int, Collection]:
    """By id of a record of the queue, the one debit of its RUM and amount, where exactly one fits."""
    waiting = [row for row in rows if row.state == RecordState.UNMATCHED and row.rum and row.amount_cents]
    if not waiting:
        return {}
    query = (
        select(func.upper(Mandate.rum), Collection)
        .join(Collection, Collection.mandate_id == Mandate.id)
        .where(func.upper(Mandate.rum).in_({row.rum.upper() for row in waiting}))
        .where(Collection.batch_id.is_not(None))
    )
    debits = [(rum, debit) for rum, debit in db.session.execute(query)]
    found: dict[int, Collection] = {}
    for row in waiting:
        fitting = [debit for rum, debit in debits if rum == row.rum.upper() and _fits(row, debit)]
        if len(fitting) == 1:
            found[row.id] = fitting[0]
    return found


def _fits(row: BankRecord, debit: Collection) -> bool:
    states = OPEN if row.outcome == "settled" else (*OPEN, CollectionState.SETTLED)
    return (
        debit.legal_entity_id == row.legal_entity_id
        and debit.state in states
        and _is_amount_of(row, debit.amount_cents)
    )


def _is_amount_of(row: BankRecord, cents: int) -> bool:
    fee = row.fee_cents if row.outcome == "returned" else -row.fee_cents
    return row.amount_cents in (None, cents, cents + fee)


def debits_of_lot(row: BankRecord) -> Page[Collection]:
    """The debits of the lot, or of the file, that a record of the queue names: it may be about some."""
    if row.outcome == "duplicate" or row.state != RecordState.UNMATCHED or not (row.lot or row.message_id):
        return Page([])
    query = _named_by(row)
    if query is None:
        return Page([])
    states = OPEN if row.outcome == "settled" else (*OPEN, CollectionState.SETTLED)
    return page_of(query.where(Collection.state.in_(states)), Collection.id, name="lot", size=_OFFERED)


def _named_by(row: BankRecord) -> Any:
    """Query of the debits of the lot, or of the whole file, that a record names."""
    entity = row.bank_file.legal_entity
    batch = find_batch(entity, row.message_id) or find_batch(entity, row.lot.rpartition("-")[0])
    return lot_query(batch, "message" if not row.lot else "group", row.lot)


def match_by_hand(row: BankRecord, collection: Collection, *, by: Actor) -> None:
    """Somebody says which debit a record of the queue is about; what follows is done at once."""
    match_several(row, [collection], by=by)


def match_several(row: BankRecord, debits: Sequence[Collection], *, by: Actor) -> None:
    """Somebody says which debits a record of the queue is about; what follows is done at once.

    Each gets a record of its own amount. Raises Refused when they do not add up to what the bank moved; one
    debit alone may have come back with more, which is a fee or an interest.
    """
    _lock(row)
    if row.state != RecordState.UNMATCHED or row.outcome == "duplicate":
        raise Refused(_("Cette écriture n'attend plus de rapprochement."))
    if any(debit.legal_entity_id != row.legal_entity_id for debit in debits):
        raise Refused(_("Ce prélèvement est celui d'un autre créancier."), field="end_to_end_id")
    total = sum(debit.amount_cents for debit in debits)
    is_more = row.outcome == "returned" and len(debits) == 1 and (row.amount_cents or 0) > total
    if not _is_amount_of(row, total) and not is_more:
        raise Refused(
            _("La banque a passé %(bank)s, ces prélèvements font %(sum)s."),
            field="end_to_end_id",
            bank=eur(row.amount_cents),
            sum=eur(total),
        )
    own, others = own_reactions(row.bank_file.legal_entity), debits[1:]
    if others:
        row.amount_cents = debits[0].amount_cents
    rows = [row, *(_beside(row, debit) for debit in others)]
    for each, debit in zip(rows, debits, strict=True):
        each.collection_id, each.collection, each.why = debit.id, debit, ""
        record(debit, "match", by=by, reference=row.reference)
        react(each, own)


def _beside(row: BankRecord, debit: Collection) -> BankRecord:
    """A record like this one for another debit of the same entry; the bank's fee stays with the first."""
    left_out = {"id", "uid", "key", "amount_cents", "fee_cents", "collection_id"}
    columns = [column.key for column in BankRecord.__table__.columns if column.key not in left_out]
    values = {name: getattr(row, name) for name in columns}
    values |= {"uid": new_uid(), "key": _key_beside(row, debit.id), "amount_cents": debit.amount_cents}
    for name in ("organisation_id", "org_path"):
        values.pop(name, None)
    other = BankRecord(organisation=row.bank_file.organisation, fee_cents=0, **values)
    other.bank_file = row.bank_file
    db.session.add(other)
    return other


def _key_beside(row: BankRecord, collection_id: int) -> str:
    return hashlib.sha256(f"{row.key}\x1f{collection_id}".encode()).hexdigest()


# Whether the money is there


def may_arrive(row: BankRecord) -> bool:
    """Can somebody say that the money of this record's debit is there?"""
    debit = row.collection
    return (
        row.state == RecordState.TO_REVIEW
        and debit is not None
        and (debit.can("settle") or debit.can("arrive"))
        and (row.outcome != "settled" or _is_amount_of(row, debit.amount_cents))
    )


def may_be_absent(row: BankRecord) -> bool:
    """Can somebody say that the money of this record is not there?"""
    debit = row.collection
    if row.state not in _WAITS:
        return False
    if debit is None:
        return row.outcome == "duplicate" and row.scope != "transaction" and _named_by(row) is not None
    if row.outcome == "settled":
        return debit.state == CollectionState.RETURNED
    return row.outcome in ("returned", "duplicate") and debit.can("return")


def arrived(row: BankRecord, on: date, *, by: Actor) -> None:
    """Somebody has seen the money of a debit that waits or had come back: it is paid.

    on: Paris day of the credit. What was planned anew is cancelled. Raises Refused when nothing is open, for
    an impossible day, and while a new presentation is with the bank: the customer would pay twice.
    """
    _lock(row)
    debit = row.collection
    if debit is None or not may_arrive(row):
        raise Refused(_("Cette écriture ne peut pas payer un prélèvement."))
    if not clock.paris_day(debit.announced_at) <= on <= clock.today():
        raise Refused(_("Le crédit se situe entre l'annonce du prélèvement et aujourd'hui."), field="on")
    if following(debit, *AT_BANK):
        raise Refused(
            _("Une nouvelle présentation est déjà à la banque : le client paierait deux fois."), field="on"
        )
    if debit.can("settle"):
        debit.settle(on, by=by)
    else:
        debit.arrive(on, by=by)
    stop_following(debit, by=by)
    record(debit, "confirm_credit", by=by, reference=row.reference)
    _close(row)


def absent(row: BankRecord, *, by: Actor) -> None:
    """Somebody has seen that the money is not there: the debit comes back, with what its reason asks.

    A debit that had come back already is presented again where its reason allows it. A whole file or lot
    comes back debit by debit, by a task. Raises Refused when nothing of it is open.
    """
    _lock(row)
    if not may_be_absent(row):
        raise Refused(_("Cette écriture ne peut rien faire revenir."))
    debit, own = row.collection, own_reactions(row.bank_file.legal_entity)
    if debit is None:
        _all_come_back(row, by=by)
        return
    record(debit, "deny_credit", by=by, reference=row.reference)
    if row.outcome == "settled":
        reaction = reaction_for(debit.return_reason or "", own)
        cancelled = following(debit, CollectionState.CANCELLED)
        if cancelled and not following(debit, *AT_BANK, CollectionState.ANNOUNCED, CollectionState.HELD):
            retry(row, debit, reaction, f"{debit.next_source_uid}r{len(cancelled)}")
    else:
        come_back(row, debit, reaction_for(row.reason, own))
    _close(row)


def _lock(row: BankRecord) -> None:
    """Two people may decide of one line at once: the second reads what the first has done."""
    db.session.flush()
    db.session.refresh(row, with_for_update=True)


def _close(row: BankRecord) -> None:
    row.state, row.why, row.done_at = RecordState.DONE, "", clock.now()


def _all_come_back(row: BankRecord, *, by: Actor) -> None:
    """A record for each open debit of a lot or file; the task does what follows."""
    file, count, last = row.bank_file, 0, 0
    query = _named_by(row).with_only_columns(Collection.id, Collection.amount_cents)
    query = query.where(Collection.state.in_(OPEN)).order_by(Collection.id)
    while debits := chunk_of(query.where(Collection.id > last), _CHUNK):
        db.session.execute(insert(BankRecord), [_returned(row, *debit) for debit in debits])
        count, last = count + len(debits), debits[-1].id
    if not count:
        raise Refused(_("Plus aucun prélèvement de cette remise n'est ouvert."))
    record(file, "deny_credit", by=by, reference=row.message_id, count=count)
    _close(row)
    jobs.enqueue(REACT, file.uid, file.organisation, total=count, unit="rows")
    jobs.do_again(REACT, file.uid)


def _returned(row: BankRecord, collection_id: int, cents: int) -> dict[str, Any]:
    return {
        "uid": new_uid(),
        "created_at": clock.now(),
        "organisation_id": row.organisation_id,
        "org_path": row.org_path,
        "bank_file_id": row.bank_file_id,
        "legal_entity_id": row.legal_entity_id,
        "collection_id": collection_id,
        "key": _key_beside(row, collection_id),
        "state": RecordState.MATCHED.value,
        "outcome": "returned",
        "reason": row.reason,
        "detail": row.detail,
        "amount_cents": cents,
        "booked_on": row.booked_on,
        "reference": row.reference,
        "message_id": row.message_id,
        "lot": row.lot,
    }


def dismiss(row: BankRecord, note: str, *, by: Actor) -> None:
    """Close a record without consequence, with the reason that somebody gives."""
    _lock(row)
    if row.state not in _WAITS:
        raise Refused(_("Cette écriture est déjà traitée."))
    if not note.strip():
        raise Refused(_("Dites pourquoi il n'y a rien à faire."), field="note")
    row.state, row.why, row.done_at = RecordState.DISMISSED, note.strip()[:200], clock.now()
    record(row.bank_file, "dismiss", by=by, reference=row.reference, reason=note.strip()[:200])
