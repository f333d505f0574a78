"""From a delivered order to a green machine: the page's own commands, a real restic, real REST servers."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import open_sign_in
from portal.backups.health import Health
from portal.backups.models import Machine
from portal.db import EVERYTHING, db, set_scope
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.provisioning.models import HomeState, MaintenanceState, maintenances_of
from tests.builders import a_house, a_user, work
from tests.installation import Installs, free_port
from tests.provisioning.places import a_store, block, deliver, home_of, rest_server

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).resolve().parents[2] / "clients"


class Customer:
    """A machine of the customer's: a folder that stands for its root, and a shell."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("etc/vault-backup", "state", "home", "cache"):
            (root / name).mkdir(parents=True)
        (root / "home/lettre.txt").write_text("Chère Camille\n" * 200)

    def here(self, text: str) -> str:
        """What a page says, on this machine: no sudo, its own folders."""
        return (
            text.replace("sudo ", "")
            .replace("/etc/vault-backup", f"{self.root}/etc/vault-backup")
            .replace("/var/lib/vault-report", f"{self.root}/state")
            .replace("/etc /home /srv", f"{self.root}/home")
        )

    def run(self, command: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        anew()  # this process holds no lock while another one reports
        env = {"PATH": f"{SCRIPT}:{os.environ['PATH']}", "HOME": str(self.root / "cache")}
        return subprocess.run(
            ["sh", "-c", self.here(command)],
            input=typed,
            text=True,
            capture_output=True,
            env=env,
            timeout=100,
        )

    def write(self, name: str, text: str) -> None:
        file = self.root / "etc/vault-backup" / name
        file.write_text(self.here(text))
        file.chmod(0o600)


def anew() -> None:
    """See what is committed, all of it: a request leaves the scope of who asked."""
    db.session.rollback()
    set_scope(EVERYTHING)


def signed_in(place: Any, user: Any) -> Any:
    client = place.app.test_client()
    set_scope(EVERYTHING)
    row, token = open_sign_in(user, address="127.0.0.1", browser="test")
    row.confirmed_at = datetime(2099, 1, 1, tzinfo=UTC)
    db.session.commit()
    client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
    return Person(place.app, client)


class Person:
    """Each request has a context of its own, as in a server: nobody is remembered from the one before."""

    def __init__(self, app: Any, client: Any) -> None:
        self._app, self._client = app, client

    def get(self, *words: Any, **values: Any) -> Any:
        with self._app.app_context():
            return self._client.get(*words, **values)

    def post(self, *words: Any, **values: Any) -> Any:
        db.session.rollback()
        with self._app.app_context():
            return self._client.post(*words, **values)


def test_a_delivered_order_becomes_a_vault_and_its_machine_turns_green(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datetime.now().astimezone()
    monkeypatch.setattr(clock, "now", lambda: real)  # restic and the web server have the machine's clock
    (tmp_path / "place").mkdir()
    vaults = (tmp_path / "vaults").resolve()
    (vaults / "lyon").mkdir(parents=True)
    ports = free_port(), free_port()
    with an_installation(tmp_path / "place") as place, place.context():
        settings = {"VAULTS_DIR": str(vaults), "STORES_DIR": str(tmp_path / "stores")}
        place.app.config.update(settings)
        place.environment.update(settings)
        house = a_house()
        db.session.commit()
        doors = {"door": f"http://127.0.0.1:{ports[0]}", "maintenance_door": f"http://127.0.0.1:{ports[1]}"}
        store = a_store(signed_in(place, house.operator), **doors)
        subscription = deliver(house)
        drain()
        home = home_of(subscription)
        assert home.state == HomeState.OPEN and home.quota_gb == 100
        born = db.session.scalars(db.select(Mail).where(Mail.kind == "provisioning/mail_born")).one()
        assert f"/vaults/{home.vault.uid}/set-up" in born.body and str(home.secret) not in born.body
        folder, machines = store.folder, vaults / "lyon"
        with (
            place.web() as url,
            rest_server(ports[0], machines, folder / "htpasswd", "--append-only"),
            rest_server(ports[1], machines, folder / "maintenance.htpasswd"),
        ):
            place.app.config["PUBLIC_URL"] = url
            live(place, home, Customer(tmp_path / "poste"))


def drain() -> None:
    work()
    anew()


def live(place: Any, home: Any, poste: Customer) -> None:
    anew()
    person = a_user(home.customer.organisation, Role.TECHNICAL)
    db.session.commit()
    client = signed_in(place, person)
    where = f"/vaults/{home.vault.uid}/set-up"
    page = client.get(where).text
    assert str(home.secret) not in page and "encore inscrite" in page
    shown = client.post(f"{where}/credentials")
    assert shown.headers["Cache-Control"] == "no-store"
    assert str(home.secret) not in client.post(f"{where}/credentials").text, "shown once"
    poste.write("env", block(shown.text, "environment"))
    anew()

    done = poste.run(block(page, "init"), "une phrase à nous\n")
    assert done.returncode == 0, done.stderr
    assert str(home.secret) not in done.stdout + done.stderr
    key = db.session.scalars(
        db.select(ActivationKey).where(ActivationKey.source_uid == home.subscription.order_uid)
    ).one()
    done = poste.run(block(page, "enrol").replace("CLÉ", key.code))
    assert done.returncode == 0, done.stderr
    anew()
    assert "pas encore là" in client.get(f"{where}/first-report").text
    poste.write("excludes", client.get(f"{where}/file?name=excludes").text.replace("/tmp\n", ""))
    done = poste.run(block(page, "backup"))
    assert done.returncode == 0, done.stdout + done.stderr
    anew()
    assert "Le voici" in client.get(f"{where}/first-report").text
    anew()
    machine = db.session.scalars(db.select(Machine)).one()
    assert machine.health == Health.FRESH and machine.source_bytes == 3000

    jobs.enqueue("vault.measure", f"{home.vault.uid}:now", home.customer.organisation)
    drain()
    assert (home.vault.snapshots, home.vault.awaits_first, home.vault.measure_fault) == (1, False, None)

    delete = "curl -s -w '%{http_code}' -o /dev/null -X DELETE ${RESTIC_REPOSITORY#rest:}config"
    refused = poste.run(with_env("env", delete))
    assert refused.stdout == "403", "the server of the backups erases nothing: it is the one that refuses"
    cleans_up(client, home, poste)
    closes(client, home, poste)


def with_env(name: str, command: str) -> str:
    return f"set -a; . /etc/vault-backup/{name}; set +a; {command}"


def cleans_up(client: Any, home: Any, poste: Customer) -> None:
    """Some hours through the other door, and no longer."""
    poste.run(with_env("env", "restic backup -q $HOME/../home"))
    data = {"hours": "2", "reason": "plus de place"}
    opened = client.post(f"/vaults/{home.vault.uid}/maintenance", data=data)
    assert opened.status_code == 200, opened.text
    drain()
    poste.write("maintenance.env", block(opened.text, "environment"))
    done = poste.run(with_env("maintenance.env", "restic unlock -q; restic forget --keep-last 1 --prune -q"))
    assert done.returncode == 0, done.stderr
    anew()
    (row,) = maintenances_of(home)
    client.post(f"/vaults/{home.vault.uid}/maintenance/{row.uid}/closing")
    drain()
    assert row.state == MaintenanceState.CLOSED and row.secret is None
    assert poste.run(with_env("maintenance.env", "restic cat config")).returncode != 0


def closes(client: Any, home: Any, poste: Customer) -> None:
    """Credentials that leaked open nothing; new ones do, until the contract has ended."""
    where = f"/vaults/{home.vault.uid}/set-up"
    assert poste.run(with_env("env", "restic snapshots")).returncode == 0
    client.post(f"{where}/rotation", data={"leaked": "yes"})
    drain()
    assert poste.run(with_env("env", "restic snapshots")).returncode != 0
    poste.write("env", block(client.post(f"{where}/credentials").text, "environment"))
    assert poste.run(with_env("env", "restic snapshots")).returncode == 0
