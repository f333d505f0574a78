"""Verifies the books on request and every week, and joins payments to their chain every hour."""

from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.chain import chain_payments
from portal.billing.models import Payment
from portal.books.models import BookCheck, last_sound_check
from portal.books.verify import walk
from portal.db import db
from portal.journal import SYSTEM, record
from portal.resellers.models import LegalEntity

VERIFY, CHAIN = "books.verify", "books.chain"
_TOLD = 200  # faults that a row names; it counts all


def check_books(entity: LegalEntity, *, by: Actor, papers: bool = True) -> BookCheck:
    """Walk the chains of an entity and keep what was found; what was read before must still be there."""
    chain_payments(entity)
    db.session.flush()
    known = last_sound_check(entity)
    seen = walk(entity, known.heads if known else None, papers=papers)
    check = BookCheck(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        by_label=by.label,
        counts=seen.counts,
        heads=seen.heads,
        faults=[list(fault) for fault in seen.faults[:_TOLD]],
        fault_count=len(seen.faults),
    )
    db.session.add(check)
    db.session.flush()
    record(entity, "check_books", by=by, faults=check.fault_count, counts=seen.counts)
    return check


def ask_check(entity: LegalEntity, *, by: Actor) -> None:
    """Have the worker verify; asked again within the minute: nothing more."""
    jobs.enqueue(VERIFY, f"{entity.uid}:{clock.now():%Y-%m-%dT%H:%M}", entity.organisation)
    record(entity, "ask_books", by=by)


@jobs.job(VERIFY, jobs.Lane.UPKEEP)
def verify_books(claim: jobs.Claim) -> None:
    query = select(LegalEntity).where(LegalEntity.uid == claim.ref.partition(":")[0])
    check_books(db.session.scalars(query).one(), by=SYSTEM)
    claim.step(done=1, total=1)


def _weekly() -> str:
    return clock.today().strftime("%G-W%V")


@jobs.periodic(VERIFY, _weekly)
def ask_weekly_checks() -> None:
    for entity in db.session.scalars(select(LegalEntity).order_by(LegalEntity.id)).all():
        jobs.enqueue(VERIFY, f"{entity.uid}:{_weekly()}", entity.organisation)


@jobs.periodic(CHAIN, jobs.hourly)
def ask_chains() -> None:
    """One task for each entity that has something to join."""
    waiting = select(Payment.legal_entity_id).where(Payment.chain_no.is_(None)).distinct()
    query = select(LegalEntity).where(LegalEntity.id.in_(waiting)).order_by(LegalEntity.id)
    for entity in db.session.scalars(query).all():
        jobs.enqueue(CHAIN, f"{entity.uid}:{jobs.hourly()}", entity.organisation)


@jobs.job(CHAIN, jobs.Lane.UPKEEP)
def join_payments(claim: jobs.Claim) -> None:
    query = select(LegalEntity).where(LegalEntity.uid == claim.ref.partition(":")[0])
    done = chain_payments(db.session.scalars(query).one())
    claim.step(done=done, total=done)
