"""Books what is certain by itself: after each bank file, when an invoice is owed again, and every day."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.billing.models import Invoice, invoice_reopened
from portal.db import db, new_uid
from portal.errors import PortalError
from portal.i18n import said
from portal.journal import SYSTEM
from portal.paging import chunk_of
from portal.resellers.models import LegalEntity
from portal.sepa.models.bank import BankFile
from portal.wires.booking import Pick, book
from portal.wires.matching import already_noted, named, reason_of, sure_balance, sure_targets
from portal.wires.models import IncomingTransfer, WireState
from portal.wires.taking import MATCH

_TAKEN = 200  # of one turn


@jobs.periodic("wires.day", jobs.daily)
def match_again() -> None:
    """What waited for an answer of the bank, or for an invoice, may be certain today."""
    waiting = select(IncomingTransfer.legal_entity_id).where(IncomingTransfer.state == WireState.WAITING)
    for entity in db.session.scalars(select(LegalEntity).where(LegalEntity.id.in_(waiting))):
        jobs.enqueue(MATCH, f"{entity.uid}:{clock.today():%y%m%d}", entity.organisation, unit="rows")


@invoice_reopened.connect
def match_what_is_owed_again(invoice: Invoice, **_more: Any) -> None:
    """A debit came back: the transfer that pays it may have come before, even in the same file."""
    entity = invoice.legal_entity
    waiting = select(IncomingTransfer.id).where(
        IncomingTransfer.legal_entity_id == entity.id, IncomingTransfer.state == WireState.WAITING
    )
    # A file brings thousands back: one that is queued already looks at them all.
    queued = select(jobs.Task.id).where(
        jobs.Task.kind == MATCH,
        jobs.Task.ref.startswith(f"{entity.uid}:"),
        jobs.Task.state == jobs.TaskState.QUEUED,
    )
    if db.session.scalar(select(waiting.exists() & ~queued.exists())):
        jobs.enqueue(MATCH, f"{entity.uid}:{new_uid()}", entity.organisation, unit="rows")


@jobs.job(MATCH, jobs.Lane.RUNS)
def match_transfers(claim: jobs.Claim) -> None:
    """One transfer, one commit; killed anywhere, it goes on with those that still wait.

    Source: 000-10, 000-18.
    """
    uid = claim.ref.partition(":")[0]
    of_file = select(BankFile.legal_entity_id).where(BankFile.uid == uid)
    of_day = select(LegalEntity.id).where(LegalEntity.uid == uid)
    query = select(IncomingTransfer.id).where(IncomingTransfer.legal_entity_id.in_(of_file.union(of_day)))
    query = query.where(IncomingTransfer.state == WireState.WAITING, IncomingTransfer.by_hand.is_(False))
    done, last = 0, int(claim.cursor or 0)
    while ids := chunk_of(query.where(IncomingTransfer.id > last).order_by(IncomingTransfer.id), _TAKEN):
        for last in ids:
            refused = _try(last)
            if refused is not None:
                db.session.rollback()
                _wait(last, refused)
            done += 1
            claim.step(cursor=str(last), done=done)


def _try(transfer_id: int) -> str | None:
    """Book it where that is certain; otherwise why somebody has to look."""
    transfer = db.session.get_one(IncomingTransfer, transfer_id, populate_existing=True)
    if transfer.state != WireState.WAITING or transfer.by_hand:
        return None
    if transfer.booked_on > clock.today():
        return _("Comptabilisé à un jour futur.")
    if (invoice := already_noted(transfer)) is not None:
        return _("Sa référence est déjà notée sur la facture %(number)s.", number=invoice.number)
    readings = named(transfer)
    targets = sure_targets(transfer, readings)
    if not targets and not any(readings):
        targets = sure_balance(transfer)
    if not targets:
        return reason_of(transfer, readings)
    left, picks = transfer.free_cents, []
    for target in targets[:-1]:
        picks.append(Pick(target, target.owed.rest_cents))
        left -= target.owed.rest_cents
    try:
        book(transfer, [*picks, Pick(targets[-1], left)], by=SYSTEM)
    except PortalError as refusal:
        return said(refusal)
    return None


def _wait(transfer_id: int, why: str) -> None:
    transfer = db.session.get_one(IncomingTransfer, transfer_id, populate_existing=True)
    if transfer.state == WireState.WAITING and transfer.why != why[:300]:
        transfer.why = why[:300]
