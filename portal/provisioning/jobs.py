"""Work of the stores: making a vault's place, writing who may come in, closing what is over."""

from pathlib import Path

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import EVERYTHING, db, scope
from portal.engine.disk import exclusive
from portal.engine.errors import EngineError
from portal.journal import SYSTEM
from portal.provisioning.acts import follow_contract, objection, settle_birth
from portal.provisioning.buckets import give_keys, leave_what_is_erased, look_at_lock, make_bucket
from portal.provisioning.doors import write_doors_later
from portal.provisioning.htpasswd import write_htpasswd
from portal.provisioning.maintenance import close_what_is_over
from portal.provisioning.models import (
    MACHINES,
    MAINTENANCE,
    HomeState,
    Maintenance,
    MaintenanceState,
    StoreKind,
    VaultHome,
    VaultStore,
)

H = HomeState


@jobs.job("vaults.provision", jobs.Lane.UPKEEP)
def provision(claim: jobs.Claim) -> None:
    """Credentials, place, file of the store, vault: each may be done again after a failure."""
    home = db.session.scalars(select(VaultHome).where(VaultHome.uid == claim.ref)).one()
    if home.state != H.MAKING or home.store is None:
        return
    if home.secret is None and home.store.kind == StoreKind.REST:
        home.new_secret("new_access", by=SYSTEM)
        claim.step()  # kept before it is written where others read it
    try:
        if home.store.kind == StoreKind.LOCAL:
            Path(home.store.place_of(home.user)).mkdir(mode=0o770, parents=True, exist_ok=True)
        if home.store.makes_users and not _may_be_born(claim, home):
            return
        write_doors(home.store)
    except (OSError, EngineError) as error:
        db.session.rollback()
        raise jobs.Later(str(error)) from error
    settle_birth(home)
    claim.step(done=1, total=1)


def _may_be_born(claim: jobs.Claim, home: VaultHome) -> bool:
    """What the bucket itself says of its lock counts; then its user gets keys. Raises EngineError."""
    assert home.store is not None
    with scope(EVERYTHING):  # what is noted of the store is the provider's
        make_bucket(home.store, home.user)
        look_at_lock(home.store, home.user)
        if not home.store.shares_bucket:
            home.lock_days, home.lock_read_at = home.store.immutable_days, clock.now()
        claim.step()
    if objection(home.store, home.subscription):
        home.take("send_back", by=SYSTEM)
        home.store_id = home.store = None
        claim.step(done=1, total=1)
        return False
    give_keys(claim, home)
    return True


@jobs.job("stores.doors", jobs.Lane.PROMPT)
def write_files(claim: jobs.Claim) -> None:
    uid = claim.ref.partition(":")[0]
    store = db.session.scalars(select(VaultStore).where(VaultStore.uid == uid)).one()
    try:
        write_doors(store)
    except (OSError, EngineError) as error:
        db.session.rollback()
        raise jobs.Later(str(error)) from error
    claim.step(done=1, total=1)


def write_doors(store: VaultStore) -> None:
    """Both files of a REST server, from what is committed now. Raises OSError, EngineError(BUSY).

    Nothing of this session may be waiting for its commit.
    """
    if store.kind != StoreKind.REST:
        return
    store.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with exclusive(store.folder / "lock", wait=True), scope(EVERYTHING):
        db.session.rollback()  # whoever held the lock may have committed since this transaction began
        write_htpasswd(store.folder / MACHINES, _machines(store))
        write_htpasswd(store.folder / MAINTENANCE, _windows(store))


def _machines(store: VaultStore) -> dict[str, str]:
    query = select(VaultHome).where(VaultHome.store_id == store.id, VaultHome.secret_hash != "")
    may_come_in = query.where(VaultHome.state.in_((H.MAKING, H.OPEN)))
    return {home.user: home.secret_hash for home in db.session.scalars(may_come_in)}


def _windows(store: VaultStore) -> dict[str, str]:
    query = select(Maintenance).join(Maintenance.home).where(VaultHome.store_id == store.id)
    is_open = (
        VaultHome.state == H.OPEN,
        Maintenance.state == MaintenanceState.OPEN,
        Maintenance.until > clock.now(),
    )
    return {one.home.user: one.secret_hash for one in db.session.scalars(query.where(*is_open))}


@jobs.periodic("vaults.windows", lambda: f"{clock.now():%Y-%m-%dT%H:%M}")
def close_windows_in_time() -> None:
    """Each minute: a maintenance ends when it was said to."""
    close_what_is_over()


@jobs.periodic("stores.doors", lambda: f"{clock.now():%Y-%m-%dT%H}")
def follow_every_contract() -> None:
    """Each hour: contracts that end or stop today; then every file anew."""
    for home in db.session.scalars(select(VaultHome).where(VaultHome.state.in_((H.OPEN, H.PAUSED)))):
        follow_contract(home)
    leave_what_is_erased()
    for store in db.session.scalars(select(VaultStore).where(VaultStore.kind == StoreKind.REST)):
        write_doors_later(store, db.session.get_one(Organisation, store.organisation_id))
