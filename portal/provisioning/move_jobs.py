"""Work of a move: copying and comparing, switching, taking the copy away, clearing the old place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db, new_uid
from portal.engine.disk import exclusive
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import PASSING, TryAgain, access_to, private_folder, restic
from portal.engine.port import RepoRef
from portal.engine.relocation import listing, newest_lock, relocate, take_away_extras
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.provisioning.buckets import drop_bucket, make_bucket, own_bucket
from portal.provisioning.moves import MoveState, VaultMove, refuse_clearing
from portal.provisioning.moving import stop_move, switch

M = MoveState
_CURED_BY_TIME = PASSING - {EngineFault.NO_SPACE}  # backups pause meanwhile: somebody has to make room
LOCK_LIVES = timedelta(minutes=30)  # after which restic itself takes a lock for one that was left behind


def _move(claim: jobs.Claim, state: MoveState) -> VaultMove | None:
    """The move, unless this run was overtaken by another or by a person."""
    uid, _sep, run = claim.ref.partition(":")
    move = db.session.scalars(select(VaultMove).where(VaultMove.uid == uid)).one_or_none()
    return move if move is not None and move.state == state and str(move.run) == run else None


@contextmanager
def _alone(uid: str) -> Iterator[None]:
    """A copy and what takes it away never work at once. Raises EngineError(BUSY)."""
    with exclusive(private_folder("moves") / f"{uid}.lock"):
        yield


@jobs.job("vaults.move", jobs.Lane.EXPORTS)
def move_vault(claim: jobs.Claim) -> None:
    """Goes on behind the last object that was compared, whatever stopped it."""
    move = _move(claim, M.COPYING)
    if move is None:
        return
    uid, began, to, user = move.uid, move.began_at, move.to_store, move.home.user
    old, new = RepoRef(str(move.old_location)), RepoRef(str(move.new_location))
    db.session.rollback()  # no transaction is held while the stores are read
    try:
        with _alone(uid):
            make_bucket(to, user)
            db.session.rollback()
            _copy(claim, old, new)
            _refuse_running(old, began)
            take_away_extras(old, new, access=access_to(old), to_access=access_to(new))
            before, after = listing(old, access_to(old)), listing(new, access_to(new))
            if before != after:  # a backup has ended meanwhile: the next run brings what is missing
                raise EngineError(EngineFault.BUSY)
            if (move := _move(claim, M.COPYING)) is not None:
                switch(move, after)
                jobs.enqueue(
                    "vault.measure", f"{move.vault.uid}:{new_uid()}", move.home.customer.organisation
                )
                claim.step()
    except EngineError as error:
        _put_off_or_stop(claim, error)


def _copy(claim: jobs.Claim, old: RepoRef, new: RepoRef) -> None:
    parts = relocate(old, new, claim.cursor, access=access_to(old), to_access=access_to(new))
    for part in parts:
        if _move(claim, M.COPYING) is None:
            raise EngineError(EngineFault.CANCELLED)
        claim.step(cursor=part.last, done=part.done, total=part.count)


def _refuse_running(old: RepoRef, began: datetime) -> None:
    newest = newest_lock(old, began, access_to(old))
    if newest is not None and clock.now() - newest < LOCK_LIVES:
        raise EngineError(EngineFault.LOCKED)


def _put_off_or_stop(claim: jobs.Claim, error: EngineError) -> None:
    db.session.rollback()
    if error.fault in _CURED_BY_TIME:
        raise TryAgain(error.message) from error
    if (move := _move(claim, M.COPYING)) is not None:
        stop_move(move, error.fault)
        claim.step()


@jobs.job("vaults.undo_move", jobs.Lane.EXPORTS)
def undo_move(claim: jobs.Claim) -> None:
    """What was copied goes; the vault was never there."""
    move = _move(claim, M.UNDOING)
    if move is None:
        return
    uid, new = move.uid, RepoRef(str(move.new_location))
    bucket = own_bucket(move.to_store, move.home.user)
    db.session.rollback()
    try:
        with _alone(uid):
            _destroy(new, f"undo-{uid}")
            drop_bucket(bucket)
    except EngineError as error:
        if error.fault in PASSING:
            raise TryAgain(error.message) from error
        if (move := _move(claim, M.UNDOING)) is not None:
            move.fault = error.fault  # a person begins it again
            claim.step()
        return
    if (move := _move(claim, M.UNDOING)) is not None:
        move.take("undo", by=SYSTEM)
        move.fault = None
        claim.step(done=1, total=1)


def _destroy(repo: RepoRef, name: str) -> int:
    """Objects that were destroyed; none where nothing lies there."""
    try:
        return restic().destroy(repo, private_folder("moves") / f"{name}.json").objects
    except EngineError as error:
        if error.fault != EngineFault.REPO_MISSING:
            raise
        return 0


@jobs.periodic("vaults.clear_old", jobs.hourly)
def begin_what_was_ordered() -> None:
    """The hours in which an order can be taken back are over; what is read from just now is waited for."""
    query = select(VaultMove).where(VaultMove.state == M.ORDERED, VaultMove.clear_from <= clock.now())
    for move in db.session.scalars(query.order_by(VaultMove.id)):
        try:
            refuse_clearing(move.vault)
        except Refused:
            continue
        move.begin_clearing()


@jobs.job("vaults.clear_old", jobs.Lane.EXPORTS)
def clear_old_place(claim: jobs.Claim) -> None:
    """Only what is as it was at the switch, while the new place still answers with the same repository."""
    move = _move(claim, M.CLEARING)
    if move is None:
        return
    uid, known = move.uid, move.snapshots_sha256
    old, now = RepoRef(str(move.old_location)), move.vault.repo
    bucket = own_bucket(move.from_store, move.home.user)
    db.session.rollback()
    try:
        with _alone(uid):
            if not _has_begun(uid):
                _refuse_unlike(old, now, known)
            gone = _destroy(old, f"clear-{uid}")
            drop_bucket(bucket)
    except EngineError as error:
        if error.fault in PASSING:
            raise TryAgain(error.message) from error
        if (move := _move(claim, M.CLEARING)) is not None:
            move.fail_clearing(error.fault)
            claim.step()
        return
    if (move := _move(claim, M.CLEARING)) is not None:
        move.take("clear", by=SYSTEM, objects=gone)
        move.cleared_at, move.cleared_objects = clock.now(), gone
        record(move.vault, "clear_old_place", by=SYSTEM, store=move.from_store.name, objects=gone)
        claim.step(done=1, total=1)


def _has_begun(uid: str) -> bool:
    return (private_folder("moves") / f"clear-{uid}.json").exists()


def _refuse_unlike(old: RepoRef, now: RepoRef, known: str) -> None:
    """A backup that somebody still wrote to the old place is nowhere else: it is not destroyed.

    Raises EngineError INCOMPLETE for such a one, REPO_MISSING where the vault itself does not answer.
    """
    if old.location == now.location or restic().fingerprint(now) != restic().fingerprint(old):
        raise EngineError(EngineFault.UNSAFE_PATH)
    if listing(old, access_to(old)).snapshots != known:
        raise EngineError(EngineFault.INCOMPLETE)
