"""Vaults are verified a month after the last time; the pack of a month is made once the month is over."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.assurance.models import EVERY_DAYS, EvidencePack, VaultVerification, VerificationState
from portal.assurance.packs import bounds_of, make_pack
from portal.assurance.telling import tell_damage
from portal.customers.models import Customer
from portal.db import db
from portal.engine.errors import EngineError
from portal.engine.installed import PASSING, TryAgain, restic
from portal.engine.models import Vault, VaultState
from portal.engine.port import Hashed

_STEP_SECONDS = 1.0


@jobs.periodic("vault.verify", jobs.daily)
def verify_due_vaults() -> None:
    """One verification at a time of each vault; a new vault is verified the day after its first measure."""
    running = select(VaultVerification.vault_id).where(VaultVerification.state == VerificationState.RUNNING)
    due = clock.now() - timedelta(days=EVERY_DAYS)
    recent = select(VaultVerification.vault_id).where(VaultVerification.ended_at > due)
    query = select(Vault).where(Vault.state == VaultState.ACTIVE, Vault.bytes_stored > 0)
    query = query.where(Vault.id.not_in(running), Vault.id.not_in(recent))
    for vault in db.session.scalars(query.order_by(Vault.id)):
        begin_verification(vault)


def begin_verification(vault: Vault) -> VaultVerification:
    row = VaultVerification(
        organisation=vault.customer.organisation,
        vault=vault,
        state=VerificationState.RUNNING,
        objects=0,
        bytes_read=0,
        damaged=0,
        names=[],
        fault="",
    )
    db.session.add(row)
    db.session.flush()
    jobs.enqueue("vault.verify", row.uid, vault.customer.organisation)
    return row


@jobs.job("vault.verify", jobs.Lane.EXPORTS)
def verify_vault(claim: jobs.Claim) -> None:
    """Goes on behind the last object that was counted, whatever stopped it."""
    row = _running(claim.ref)
    if row is None:
        return
    if row.vault.state != VaultState.ACTIVE:  # erased meanwhile
        db.session.delete(row)
        claim.step(done=1, total=1)
        return
    repo = row.vault.repo
    db.session.rollback()  # no transaction is held while the store is read
    try:
        for part in _parts(restic().hashed(repo, claim.cursor)):
            row = _running(claim.ref)
            assert row is not None
            row.count(part)
            claim.step(cursor=part[-1].name, done=row.objects, total=part[-1].count)
    except EngineError as error:
        if error.fault in PASSING:
            raise TryAgain(error.message) from error
        row = _running(claim.ref)
        assert row is not None
        row.give_up(error.fault)
    else:
        row = _running(claim.ref)
        assert row is not None
        row.end()
    if row.state != VerificationState.GOOD:
        tell_damage(row)
    claim.step(done=1, total=1)


def _running(uid: str) -> VaultVerification | None:
    query = select(VaultVerification).where(VaultVerification.uid == uid)
    return db.session.scalars(query.where(VaultVerification.state == VerificationState.RUNNING)).one_or_none()


def _parts(objects: Iterator[Hashed]) -> Iterator[list[Hashed]]:
    """What was hashed in a second or so, each as one step."""
    part: list[Hashed] = []
    begun = time.monotonic()
    for one in objects:
        part.append(one)
        if time.monotonic() - begun >= _STEP_SECONDS:
            yield part
            part, begun = [], time.monotonic()
    if part:
        yield part


@jobs.periodic("assurance.packs", jobs.daily)
def ask_for_packs() -> None:
    """Of the month before, for each customer who had a vault then and has no pack yet."""
    month = month_before(clock.today())
    has_vault = select(Vault.customer_id).where(Vault.state == VaultState.ACTIVE)
    has_vault = has_vault.where(Vault.created_at < bounds_of(month)[1])
    has_pack = select(EvidencePack.customer_id).where(EvidencePack.month == month)
    query = select(Customer).where(Customer.id.in_(has_vault), Customer.id.not_in(has_pack))
    for customer in db.session.scalars(query.order_by(Customer.id)):
        jobs.enqueue("assurance.pack", f"{customer.uid}:{month:%Y-%m}", customer.organisation)


def month_before(day: date) -> date:
    """The first day of the month before the one of a day."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


@jobs.job("assurance.pack", jobs.Lane.PAPERS)
def write_pack(claim: jobs.Claim) -> None:
    uid, _, month = claim.ref.partition(":")
    customer = db.session.scalars(select(Customer).where(Customer.uid == uid)).one()
    make_pack(customer, date.fromisoformat(f"{month}-01"))
    claim.step(done=1, total=1)
