"""Vaults in buckets: the user and the keys of each, and the lock that the bucket puts on what is written."""

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.engine.bucket_users import BucketUsers
from portal.engine.disk import exclusive
from portal.engine.errors import EngineError
from portal.engine.installed import access_to
from portal.engine.models import Vault, VaultState
from portal.engine.port import RepoRef
from portal.engine.stores.s3 import S3Store
from portal.journal import SYSTEM, record
from portal.provisioning.doors import leave_doors
from portal.provisioning.models import (
    HomeState,
    Maintenance,
    MaintenanceState,
    StoreKind,
    VaultHome,
    VaultStore,
)
from portal.provisioning.rules import bucket_policy

H = HomeState


def users_of(store: VaultStore) -> BucketUsers:
    """Raises EngineError(BACKEND_DENIED) for a host that ``VAULT_HOSTS`` does not name."""
    return BucketUsers(store.users_door, access_to(RepoRef(f"s3:{store.users_door}/iam")).env)


def give_keys(claim: jobs.Claim, home: VaultHome) -> None:
    """The user of this vault may do what its state allows, and has a key where none is known.

    Commits while nobody else makes keys: a key that a kill left unknown is replaced by the next run.
    Raises EngineError BACKEND_DENIED, BACKEND_UNREACHABLE; OSError.
    """
    store = home.store
    assert store is not None
    store.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with exclusive(store.folder / "lock", wait=True):
        db.session.refresh(home)  # whoever held the lock may have made a key meanwhile
        users, policy = users_of(store), policy_of(home)
        users.allow(home.user, policy)
        if home.secret is None:
            if home.secret_made_at is None:
                record(home.vault or home.subscription, "new_access", by=SYSTEM)
            home.hold_keys(*users.new_key(home.user))
        claim.step()


def policy_of(home: VaultHome) -> dict[str, object]:
    assert home.store is not None
    return bucket_policy(*home.store.bucket_of(home.user), may_add=home.state in (H.MAKING, H.OPEN))


@jobs.job("vaults.bucket_keys", jobs.Lane.PROMPT)
def follow_bucket(claim: jobs.Claim) -> None:
    """Open, read only or with new keys, as the vault stands now."""
    uid = claim.ref.partition(":")[0]
    home = db.session.scalars(select(VaultHome).where(VaultHome.uid == uid)).one()
    if home.store is None or not home.store.makes_users or home.state == H.WAITING:
        return
    try:
        give_keys(claim, home)
    except (OSError, EngineError) as error:
        db.session.rollback()
        raise jobs.Later(str(error)) from error
    claim.step(done=1, total=1)


@jobs.job("vaults.bucket_window", jobs.Lane.PROMPT)
def follow_window(claim: jobs.Claim) -> None:
    """The user of a maintenance is there with one key while it is open, and gone behind it."""
    uid, store_uid, _run = claim.ref.split(":")
    row = db.session.scalars(select(Maintenance).where(Maintenance.uid == uid)).one()
    store = db.session.scalars(select(VaultStore).where(VaultStore.uid == store_uid)).one()
    try:
        if row.is_open and row.home.store_id == store.id:
            _let_remove(claim, row, store)
        elif not _has_another_window(row, store):
            users_of(store).remove(row.user)
    except (OSError, EngineError) as error:
        db.session.rollback()
        raise jobs.Later(str(error)) from error
    claim.step(done=1, total=1)


def _let_remove(claim: jobs.Claim, row: Maintenance, store: VaultStore) -> None:
    store.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with exclusive(store.folder / "lock", wait=True):
        db.session.refresh(row)
        if row.secret is None and row.is_open:
            users, where = users_of(store), store.bucket_of(row.home.user)
            users.allow(row.user, bucket_policy(*where, may_add=True, may_remove=True))
            row.access_key, row.secret = users.new_key(row.user)
        claim.step()


def _has_another_window(row: Maintenance, store: VaultStore) -> bool:
    """One that was opened since at the same host: the user is its user now."""
    there = row.home.store
    if there is None or there.users_door != store.users_door:
        return False
    query = select(Maintenance.id).where(Maintenance.home_id == row.home_id, Maintenance.id > row.id)
    return db.session.scalar(query.where(Maintenance.state == MaintenanceState.OPEN)) is not None


@jobs.job("vaults.bucket_leave", jobs.Lane.PROMPT)
def leave_bucket(claim: jobs.Claim) -> None:
    """The user of a vault that is not there any more goes, with its keys."""
    uid, store_uid, _run = claim.ref.split(":")
    home = db.session.scalars(select(VaultHome).where(VaultHome.uid == uid)).one()
    store = db.session.scalars(select(VaultStore).where(VaultStore.uid == store_uid)).one()
    if not store.makes_users or _needs_its_user(home, store):
        return
    try:
        users_of(store).remove(home.user)
        if home.vault is not None and home.vault.state == VaultState.ERASED:
            drop_bucket(own_bucket(store, home.user))
    except EngineError as error:
        db.session.rollback()
        raise jobs.Later(str(error)) from error
    if home.store_id == store.id:
        home.drop_keys()
    claim.step(done=1, total=1)


def _needs_its_user(home: VaultHome, store: VaultStore) -> bool:
    """Is the vault alive in this store, or in another of the same host, whose user has the same name?"""
    lives = home.vault is None or home.vault.state == VaultState.ACTIVE
    return lives and home.store is not None and home.store.users_door == store.users_door


def leave_what_is_erased() -> None:
    query = select(VaultHome).join(VaultHome.vault).join(VaultHome.store)
    gone = query.where(Vault.state == VaultState.ERASED, VaultHome.access_key_sealed.is_not(None))
    for home in db.session.scalars(gone.where(VaultStore.users_door != "")):
        assert home.store is not None
        leave_doors(home, home.store)


def make_bucket(store: VaultStore, user: str) -> None:
    """Where each vault has a bucket of its own; with the lock that the store promises. Raises EngineError."""
    if place := own_bucket(store, user):
        S3Store(place.location, access_to(place)).make_bucket(store.immutable_days)


def own_bucket(store: VaultStore, user: str) -> RepoRef | None:
    """The bucket of this one vault, that the portal made; None where there is none."""
    return RepoRef(store.place_of(user)) if store.makes_users and not store.shares_bucket else None


def drop_bucket(place: RepoRef | None) -> None:
    """Emptied by an erasure, it goes too; one where something else lies stays. Raises EngineError."""
    if place is not None:
        S3Store(place.location, access_to(place)).drop_bucket()


def _lock_of(store: VaultStore, user: str) -> int | None:
    """For how many days the bucket itself refuses to delete. Raises EngineError as its host answers."""
    place = RepoRef(store.place_of(user))
    return S3Store(place.location, access_to(place)).retention_days()


def look_at_lock(store: VaultStore, user: str) -> None:
    """Note what the bucket says; it counts, whatever was typed. Raises EngineError."""
    days = _lock_of(store, user)
    if days != store.immutable_days:
        record(store, "read_lock", by=SYSTEM, days=days or 0)
    store.immutable_days, store.lock_read_at, store.lock_fault = days, clock.now(), None


def _look_at_own_locks(claim: jobs.Claim, store: VaultStore) -> None:
    """Of each vault that still lies in a bucket of its own, whose host may change it; one that cannot be
    asked keeps what was known and holds up no other.
    """
    query = select(VaultHome).join(VaultHome.vault).where(VaultHome.store_id == store.id)
    there = query.where(Vault.state == VaultState.ACTIVE).order_by(VaultHome.id)
    fault = None
    for home in db.session.scalars(there).all() if store.makes_users else ():
        try:
            days = _lock_of(store, home.user)
        except EngineError as error:
            fault = error.fault
            continue
        if days != home.immutable_days:
            record(home.vault, "read_lock", by=SYSTEM, days=days or 0)
        home.lock_days, home.lock_read_at = days, clock.now()
        claim.step()
    store.lock_fault = fault


@jobs.job("stores.lock", jobs.Lane.UPKEEP)
def read_lock(claim: jobs.Claim) -> None:
    """A bucket that cannot be asked keeps what was typed; its page says so, and the next day asks again."""
    uid = claim.ref.partition(":")[0]
    store = db.session.scalars(select(VaultStore).where(VaultStore.uid == uid)).one()
    try:
        if store.shares_bucket:
            look_at_lock(store, "any")
        else:
            _look_at_own_locks(claim, store)
    except EngineError as error:
        db.session.rollback()
        store.lock_fault = error.fault
    claim.step(done=1, total=1)


@jobs.periodic("stores.lock", lambda: f"{clock.today()}")
def ask_every_lock() -> None:
    for store in db.session.scalars(select(VaultStore).where(VaultStore.kind == StoreKind.S3)):
        owner = db.session.get_one(Organisation, store.organisation_id)
        jobs.enqueue("stores.lock", f"{store.uid}:{clock.today()}", owner)
