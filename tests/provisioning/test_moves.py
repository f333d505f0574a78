"""A vault moves to another store: compared object by object, killed, taken back; its old place is ended."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.db import EVERYTHING, db, reading, set_scope
from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.relocation import listing, relocate
from portal.engine.restic import Restic
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.provisioning.acts import new_home, settle_birth
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.moves import MoveState, VaultMove
from portal.provisioning.moving import begin_move
from portal.reversibility.sole_use import refuse_order
from tests.builders import House, a_customer, a_house, work
from tests.engine.builders import flip_bytes, packs
from tests.engine.servers import rest_server
from tests.forked import a_crew, forked
from tests.installation import Installs, kill
from tests.provisioning.places import STORE, deliver, describe, home_of
from tests.vaulting import SECRET, a_subscription, wait_for

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
M = MoveState


@pytest.fixture
def vaults(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.config, "VAULTS_DIR", str(tmp_path.resolve() / "vaults"))
    monkeypatch.setitem(app.config, "STORES_DIR", str(tmp_path.resolve() / "stores"))
    return tmp_path.resolve() / "vaults"


def two_stores(client: FlaskClient, vaults: Path) -> tuple[VaultStore, VaultStore]:
    """A folder, and a server whose folder the portal reads."""
    for name in ("lyon", "lille"):
        (vaults / name).mkdir(parents=True)
    first = {"name": "Lyon", "kind": "store_local", "door": "/mnt/lyon", "maintenance_door": ""}
    assert describe(client, vaults / "lyon", **first).status_code == 303
    assert describe(client, vaults / "lille", **{**STORE, "name": "Lille"}).status_code == 303
    set_scope(EVERYTHING)
    return tuple(db.session.scalars(db.select(VaultStore).order_by(VaultStore.id)))  # type: ignore[return-value]


@pytest.fixture
def home(house: House, browser: Browser, vaults: Path, repository: Path) -> VaultHome:
    two_stores(browser(house.operator), vaults)
    subscription = deliver(house)
    work()
    found = home_of(subscription)
    shutil.rmtree(str(found.vault.location))
    shutil.copytree(repository, str(found.vault.location))
    found.vault.measured(Restic().usage(found.vault.repo))
    db.session.commit()
    return found


def the_move() -> VaultMove:
    db.session.rollback()
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(VaultMove).order_by(VaultMove.id.desc())).first()


def ask(client: FlaskClient, home: VaultHome, **values: Any) -> Any:
    store = db.session.scalars(db.select(VaultStore).where(VaultStore.name == "Lille")).one()
    data = {"store": store.uid, "reason": "plus de place", **values}
    return client.post(f"/vaults/{home.vault.uid}/moves", data=data)


def act(client: FlaskClient, move: VaultMove, what: str, **data: Any) -> Any:
    return client.post(f"/vaults/{move.vault.uid}/moves/{move.uid}/{what}", data=data)


def test_a_vault_moves_keeps_its_history_and_its_old_place_ends_by_order(
    house: House, browser: Browser, at: At, home: VaultHome, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ERASE_ALONE_BYTES", 10**9)
    client, vault_uid, old = browser(house.operator), home.vault.uid, str(home.vault.location)
    assert "Déplacer le coffre" in client.get(f"/vaults/{vault_uid}").text
    assert "Lille" in client.get(f"/vaults/{vault_uid}/moves/new").text
    assert ask(client, home, reason="").status_code == 422
    assert ask(client, home).status_code == 303
    assert ask(client, home).status_code == 422, "one at a time"
    assert home_of(home.subscription).state == HomeState.PAUSED
    work()
    move = the_move()
    home = move.home
    assert (move.state, home.state, home.is_moving) == (M.KEPT, HomeState.OPEN, False)
    assert listing(RepoRef(old)) == listing(home.vault.repo) and str(home.vault.location) != old
    assert Restic().open_check(home.vault.repo, Passphrase(SECRET))
    assert home.secret and home.store.name == "Lille"
    assert home.user in (home.store.folder / "htpasswd").read_text()
    (mail,) = db.session.scalars(db.select(Mail).where(Mail.kind == "provisioning/mail_moved"))
    assert f"/vaults/{vault_uid}/set-up" in mail.body and str(home.secret) not in mail.body
    page = client.get(f"/vaults/{vault_uid}").text
    assert "Coffre déplacé, tous les objets relus" in page and "ancienne place gardée" in page
    assert "Ancienne place" in client.get("/").text, "somebody is asked to end it"
    ends_the_old_place(house, browser, at, move, old)


def ends_the_old_place(house: House, browser: Browser, at: At, move: VaultMove, old: str) -> None:
    client = browser(house.operator)
    assert act(client, move, "end-of-old-place", confirm="autre chose").status_code == 422
    assert act(client, move, "end-of-old-place", confirm=move.vault.name).status_code == 303
    assert the_move().state == M.ORDERED
    assert act(client, move, "recall").status_code == 303
    assert act(client, move, "end-of-old-place", confirm=move.vault.name).status_code == 303
    at(clock.now() + timedelta(hours=int(current_app.config["ERASE_COOLING_HOURS"]) + 1))
    set_scope(EVERYTHING)
    jobs.run_periodic()
    work()
    move = the_move()
    assert move.state == M.CLEARED and move.cleared_objects and not Path(old).exists()
    assert Restic().open_check(move.vault.repo, Passphrase(SECRET))


def test_what_a_machine_still_wrote_to_the_old_place_is_not_destroyed(
    house: House, browser: Browser, at: At, home: VaultHome, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ERASE_ALONE_BYTES", 10**9)
    client, old = browser(house.operator), Path(str(home.vault.location))
    ask(client, home)
    work()
    late = old / "snapshots" / ("ab" * 32)
    late.write_bytes(b"a backup that came afterwards")
    act(client, the_move(), "end-of-old-place", confirm=home.vault.name)
    at(clock.now() + timedelta(days=2))
    set_scope(EVERYTHING)
    jobs.run_periodic()
    work()
    move = the_move()
    assert (move.state, move.fault) == (M.KEPT, EngineFault.INCOMPLETE) and late.exists()


def test_a_large_vault_has_its_old_place_ended_by_two(
    house: House, browser: Browser, home: VaultHome, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ERASE_ALONE_BYTES", 1)
    client = browser(house.operator)
    ask(client, home)
    work()
    for _twice in range(2):
        act(client, the_move(), "end-of-old-place", confirm=home.vault.name)
    assert the_move().state == M.KEPT, "not the same person twice"


def test_damage_stops_the_move_and_a_person_takes_it_back(
    house: House, browser: Browser, home: VaultHome
) -> None:
    client, old = browser(house.operator), home.vault.repo
    flip_bytes(packs(old)[0])
    ask(client, home)
    work()
    move = the_move()
    assert (move.state, move.fault) == (M.STOPPED, EngineFault.DAMAGED)
    assert move.home.state == HomeState.OPEN, "backups go on meanwhile"
    assert "Déplacement de coffre arrêté" in client.get("/").text
    assert act(client, move, "retry").status_code == 303
    assert the_move().home.state == HomeState.PAUSED
    work()
    assert act(client, the_move(), "cancellation").status_code == 303
    work()
    move = the_move()
    assert move.state == M.CANCELLED and str(move.vault.location) == old.location
    assert not list(Path(str(move.new_location)).rglob("*"))
    assert act(client, move, "cancellation").status_code == 409


def test_only_the_provider_moves_and_an_erasure_waits_for_the_old_place(
    house: House, browser: Browser, home: VaultHome
) -> None:
    assert ask(browser(house.owner), home).status_code == 403
    ask(browser(house.operator), home)
    work()
    with pytest.raises(Refused, match="déplacement"):
        refuse_order(the_move().vault)


def test_a_server_takes_the_copy_and_refuses_another_repository(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with rest_server(tmp_path / "served") as address:
        there = RepoRef(f"{address}own/")
        parts = list(relocate(RepoRef(str(repository)), there))
        assert parts[-1].done == parts[-1].count
        assert listing(there) == listing(RepoRef(str(repository)))
        assert Restic().open_check(there, Passphrase(SECRET))
        back = RepoRef(str(tmp_path / "back"))
        list(relocate(there, back))
        assert listing(back) == listing(there)
        Path(back.location, "config").write_bytes(b"another one")
        with pytest.raises(EngineError) as refused:
            list(relocate(there, back))
        assert refused.value.fault == EngineFault.UNSAFE_PATH


@pytest.mark.slow
def test_a_killed_copy_goes_on_behind_what_was_compared(
    an_installation: Installs, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.engine.relocation._AT_ONCE", 1)  # each object is a step
    (tmp_path / "data").mkdir()
    with an_installation(tmp_path / "data") as place:
        with place.context():
            a_moving_home(tmp_path, repository)
        step, seen = jobs.Claim.step, []

        def die(claim: jobs.Claim, **told: object) -> None:
            step(claim, **told)  # type: ignore[arg-type]
            seen.append(told)
            if len(seen) == 4:
                os.kill(os.getpid(), signal.SIGKILL)

        def work_there() -> None:
            with place.app.app_context():
                while jobs.run_one((jobs.Lane.EXPORTS,)):
                    pass

        with monkeypatch.context() as patched:
            patched.setattr(jobs.Claim, "step", die)
            assert forked(place.app, work_there).wait() == -signal.SIGKILL
        with place.context():
            assert the_move().state == M.COPYING
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_over(place))
        finally:
            kill(worker)
        with place.context():
            move = the_move()
            assert move.state == M.KEPT and str(move.vault.location) == str(move.new_location)
            assert listing(move.vault.repo) == listing(RepoRef(str(repository)))


def _is_over(place: Any) -> bool:
    with place.context(), reading():
        return the_move().state != M.COPYING


def a_moving_home(tmp_path: Path, repository: Path) -> None:
    house = a_house()
    customer = a_customer(house.reseller, accepted="dropcloud")
    told = {"operator": "Hébergeur", "place": "Lyon", "state": "FR", "is_open": True, "door": "/mnt"}
    stores = [
        VaultStore(
            organisation=house.provider, name=name, kind=StoreKind.LOCAL, inner=str(tmp_path / name), **told
        )
        for name in ("lyon", "lille")
    ]
    db.session.add_all(stores)
    db.session.flush()
    home = new_home(a_subscription(customer))
    home.store, home.state = stores[0], HomeState.MAKING
    vault = settle_birth(home)
    shutil.copytree(repository, str(vault.location))
    vault.awaits_first = False
    begin_move(home, stores[1], "plus de place", by=SYSTEM)
    db.session.commit()
