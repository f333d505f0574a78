"""Vaults on their way to other stores by the whole worker, which is killed in the middle."""

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal import clock, jobs
from portal.db import db, reading
from portal.engine.installed import access_to
from portal.engine.port import RepoRef
from portal.engine.relocation import Listing, listing
from portal.journal import SYSTEM
from portal.provisioning.acts import new_home, settle_birth
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.moves import MoveState
from portal.provisioning.moving import begin_move
from tests.builders import House, a_customer, a_house
from tests.engine.servers import rest_server
from tests.forked import a_crew
from tests.guarded_bucket import Guarded
from tests.installation import Installation, Installs, kill
from tests.provisioning.test_moves import the_move
from tests.vaulting import a_subscription, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]
M = MoveState
MORE = 60  # objects of a vault beside those of the repository
MANY = 10  # of them have come when the worker is killed


@pytest.fixture
def place(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """An installation whose vaults lie below the folder of the test."""
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC))
    (tmp_path / "data").mkdir()
    folders = {"VAULTS_DIR": str(tmp_path / "vaults"), "STORES_DIR": str(tmp_path / "stores")}
    with an_installation(tmp_path / "data") as made:
        made.app.config.update(folders, ERASE_COOLING_HOURS=0, ERASE_ALONE_BYTES=10**12)
        made.environment.update(folders)
        yield made


def a_store(house: House, name: str, kind: StoreKind, inner: str, **told: Any) -> VaultStore:
    where = {"operator": "Hébergeur", "place": "Lyon", "state": "FR", "is_open": True}
    row = VaultStore(
        organisation=house.provider, name=name, kind=kind, inner=inner, **{"door": inner, **where, **told}
    )
    db.session.add(row)
    db.session.flush()
    return row


def a_vault(house: House, store: VaultStore, repository: Path, place_of: Path | None = None) -> VaultHome:
    """With many small objects more, whose names are what they hold."""
    home = new_home(a_subscription(a_customer(house.reseller, accepted="dropcloud")))
    home.store, home.state = store, HomeState.MAKING
    vault = settle_birth(home)
    folder = (place_of or Path(store.inner)) / home.user
    shutil.copytree(repository, folder)
    numbers = random.Random(5)
    for _ in range(MORE):
        content = numbers.randbytes(300)
        name = hashlib.sha256(content).hexdigest()
        (folder / "data" / name[:2]).mkdir(exist_ok=True)
        (folder / "data" / name[:2] / name).write_bytes(content)
    vault.awaits_first = False
    return home


def begins(place: Installation, to: str) -> Listing:
    """What lies at the place that the vault leaves."""
    with place.context():
        home = db.session.scalars(db.select(VaultHome)).one()
        store = db.session.scalars(db.select(VaultStore).where(VaultStore.name == to)).one()
        old = RepoRef(str(begin_move(home, store, "plus de place", by=SYSTEM).old_location))
        found = listing(old, access_to(old))
        db.session.commit()
    return found


def is_killed_in_the_middle(
    place: Installation, worker: Any, came: Callable[[], int], before: Listing
) -> None:
    try:
        wait_for(lambda: came() >= MANY)
    finally:
        kill(worker)
    with place.context():
        assert the_move().state == M.COPYING and came() < before.objects


def arrives(place: Installation, before: Listing, state: MoveState = M.KEPT) -> None:
    wait_for(lambda: is_quiet(place, state))
    with place.context():
        move = the_move()
        assert move.objects == before.objects and str(move.vault.location) == str(move.new_location)
        assert listing(move.vault.repo, access_to(move.vault.repo)) == before


def is_quiet(place: Installation, state: MoveState) -> bool:
    """So far, and nobody's keys wait for the worker."""
    with place.context(), reading():
        left = db.select(jobs.Task.id).where(
            jobs.Task.kind.in_(("vaults.bucket_keys", "vaults.bucket_leave")),
            jobs.Task.state != jobs.TaskState.DONE,
        )
        return the_move().state == state and db.session.scalars(left).first() is None


def files_in(folder: Path) -> int:
    return sum(1 for one in folder.rglob("*") if one.is_file() and "-tmp-" not in one.name)


def test_a_vault_goes_into_a_bucket_and_back_past_a_killed_worker(
    place: Installation, tmp_path: Path, repository: Path, host: Guarded
) -> None:
    place.environment.update({f"VAULT_{name}": value for name, value in host.keys.items()})
    with place.context():
        house = a_house()
        told = {"door": host.endpoint, "users_door": host.endpoint}
        here = a_store(house, "Lyon", StoreKind.LOCAL, str(tmp_path / "vaults/lyon"))
        a_store(house, "Seaux", StoreKind.S3, f"s3:{host.endpoint}", **told)
        user = a_vault(house, here, repository).user
        db.session.commit()
    host.bucket = user
    before = begins(place, "Seaux")
    is_killed_in_the_middle(place, place.worker(), lambda: len(host.names() if host.exists() else ()), before)
    worker = a_crew(place.app)
    try:
        arrives(place, before)
        with place.context():
            home = the_move().home
            own = host.client("s3", str(home.access_key), str(home.secret))
            assert own.list_objects_v2(Bucket=user)["KeyCount"] == before.objects, "its own keys open it"
            move = the_move()
            move.order_end(by=SYSTEM)
            move.begin_clearing()
            db.session.commit()
        arrives(place, before, M.CLEARED)
        assert begins(place, "Lyon") == before
        arrives(place, before)
        assert host.exists()
        with place.context():
            move = the_move()
            move.order_end(by=SYSTEM)
            move.begin_clearing()
            db.session.commit()
        arrives(place, before, M.CLEARED)
        assert not host.exists(), "her own bucket goes once it is emptied"
    finally:
        kill(worker)
    with place.context():
        assert user not in host.users(), "who had the keys comes in no more"
        assert the_move().home.secret is None


def test_a_vault_goes_between_servers_past_a_killed_worker(
    place: Installation, tmp_path: Path, repository: Path
) -> None:
    for name in ("lyon", "lille"):
        (tmp_path / name).mkdir()
    with rest_server(tmp_path / "lyon") as first, rest_server(tmp_path / "lille") as second:
        with place.context():
            house = a_house()
            doors = {"door": "https://coffres.example"}
            here = a_store(house, "Lyon", StoreKind.REST, first.rstrip("/"), **doors)
            a_store(house, "Lille", StoreKind.REST, second.rstrip("/"), **doors)
            user = a_vault(house, here, repository, tmp_path / "lyon").user
            db.session.commit()
        before = begins(place, "Lille")
        came = tmp_path / "lille" / user
        is_killed_in_the_middle(place, a_crew(place.app), lambda: files_in(came), before)
        worker = a_crew(place.app)
        try:
            arrives(place, before)
        finally:
            kill(worker)
        with place.context():
            assert the_move().home.secret, "new ones at the new server"
