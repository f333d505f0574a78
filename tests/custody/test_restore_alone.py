"""The customer's real restic against a real server of the portal, over every kind of storage."""

import base64
import os
import re
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from portal.accounts.models import Organisation, OrganisationKind
from portal.custody.models import find_access, open_access
from portal.custody.own_machine import commands
from portal.db import db
from portal.engine.models import register_vault
from portal.engine.sole import vaults_at
from portal.journal import SYSTEM, JournalEntry
from tests.builders import a_customer
from tests.engine.servers import SECRETS, Bucket, rest_server, s3_server
from tests.installation import Installation, Installs
from tests.vaulting import SECRET, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def portal(
    an_installation: Installs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, int]]:
    """The portal with a database of its own behind a real, threaded web server."""
    with an_installation(tmp_path_factory.mktemp("portal")) as installation:
        installation.app.config["COUNT_SECONDS"] = 0
        server = make_server("127.0.0.1", 0, installation.app, threaded=True)
        installation.app.config["PUBLIC_URL"] = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield installation, server.server_port
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Granted:
    """An access that the customer has taken."""

    uid: str
    secret: str
    vault_uid: str
    repository: str


@pytest.fixture
def grant(portal: tuple[Installation, int]):
    installation, _port = portal

    def grant(location: str) -> Granted:
        with installation.context():
            reseller = db.session.scalars(db.select(Organisation)).first()
            if reseller is None:
                reseller = Organisation(parent=None, kind=OrganisationKind.RESELLER, name="Revendeur")
                db.session.add(reseller)
                db.session.flush()
            known = vaults_at(location)  # of a test before
            vault = (
                known[0]
                if known
                else register_vault(a_customer(reseller, siren=None), name="Serveur", location=location)
            )
            db.session.flush()
            access = open_access(vault, hours=24, by=SYSTEM)
            secret = access.take(by=SYSTEM, address="")
            db.session.commit()
            return Granted(access.uid, secret, vault.uid, access.repository(secret))

    return grant


@contextmanager
def stored_at(kind: str, folder: Path, bucket: Bucket) -> Iterator[str]:
    if kind == "local":
        yield str(folder)
    elif kind == "s3":
        yield bucket.take(folder, f"coffre {os.getpid()}").location
    else:
        with rest_server(folder) as address:
            yield address


def restic(repository: str, *words: str, password: str = SECRET) -> "subprocess.CompletedProcess[str]":
    """What a person does who pastes the three lines; the password is asked by restic, on this machine."""
    environment = {"PATH": os.environ["PATH"], "RESTIC_REPOSITORY": repository}
    command = ["restic", "--no-cache", *words]
    return subprocess.run(
        command, env=environment, input=password, capture_output=True, text=True, check=False
    )


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["local", "rest", "s3"])
def test_what_is_restored_is_what_was_saved(
    kind, grant, portal, repository, bucket, tmp_path, monkeypatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"VAULT_{name}", value)
    before = files_below(repository)
    with stored_at(kind, repository, bucket) as location:
        granted = grant(location)
        shown = restic(granted.repository, "--no-lock", "snapshots", "--json")
        assert shown.returncode == 0, shown.stderr
        (_unix, lines), _windows = commands(granted.repository, ["compta"])
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RESTIC_PASSWORD": SECRET}
        pasted = ["sh", "-e", "-c", lines]
        done = subprocess.run(
            pasted, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    source = repository.parent / "compta"
    restored = tmp_path / "restauration-compta" / source.relative_to("/")
    assert files_below(restored) == files_below(source)
    assert len(files_below(restored)) == 61
    assert files_below(repository) == before
    with portal[0].context():
        access = find_access(granted.uid)
        assert access is not None and access.first_used_at is not None
        assert access.requests > 10
        assert access.bytes_sent > 1000


def test_restic_is_refused_with_a_wrong_secret_and_after_a_revocation(grant, portal, repository) -> None:
    granted = grant(str(repository))
    wrong = granted.repository.replace(granted.secret, granted.secret[::-1])
    assert "401" in restic(wrong, "--no-lock", "snapshots").stderr
    assert restic(granted.repository, "--no-lock", "snapshots").returncode == 0
    with portal[0].context():
        find_access(granted.uid).revoke(by=SYSTEM)
        db.session.commit()
    assert "401" in restic(granted.repository, "--no-lock", "snapshots").stderr


def test_the_secret_of_one_vault_does_not_open_another(grant, repository) -> None:
    first, second = grant(str(repository)), grant(str(repository / "else"))
    crossed = first.repository.replace(first.vault_uid, second.vault_uid)
    assert "401" in restic(crossed, "--no-lock", "snapshots").stderr


def test_the_access_does_not_replace_the_passphrase(grant, repository) -> None:
    granted = grant(str(repository))
    answer = restic(granted.repository, "--no-lock", "snapshots", password="autre")
    assert "wrong password" in answer.stderr


def test_dots_sent_as_they_are_find_nothing(grant, portal, repository) -> None:
    granted = grant(str(repository))
    token = base64.b64encode(f"{granted.uid}:{granted.secret}".encode()).decode()
    for path in ("../../../etc/passwd", "data/../../config", "data/..%2f..%2fconfig", "%2e%2e/keys.json"):
        url = f"http://127.0.0.1:{portal[1]}/restic/{granted.vault_uid}/{path}"
        asked = urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        assert refused.value.code in (401, 404), path
        refused.value.close()


def test_connections_at_once_make_one_first_use(grant, portal, repository) -> None:
    granted = grant(str(repository))
    token = base64.b64encode(f"{granted.uid}:{granted.secret}".encode()).decode()
    url = f"http://127.0.0.1:{portal[1]}/restic/{granted.vault_uid}/config"
    barrier, answers = threading.Barrier(8), []

    def ask() -> None:
        asked = urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})
        barrier.wait()
        with urllib.request.urlopen(asked) as answer:
            answers.append(len(answer.read()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(answers)) == 1

    def counted() -> tuple[int, int]:
        with portal[0].context():
            access = find_access(granted.uid)
            return access.requests, access.bytes_sent

    wait_for(lambda: counted()[0] >= 8)  # an answer is counted once it has left
    assert counted() == (8, sum(answers))
    with portal[0].context():
        wanted = JournalEntry.what == "use_access", JournalEntry.subject_uid == granted.vault_uid
        entries = db.session.scalars(db.select(JournalEntry).where(*wanted))
        assert sum(entry.details["access"] == granted.uid for entry in entries) == 1


def test_the_store_is_read_in_small_pieces(grant, portal, repository, tmp_path, monkeypatch) -> None:
    from portal.custody import rest_protocol as serve_views

    sizes: list[int] = []
    inner = serve_views._blocks

    def watched(*args):
        for block in inner(*args):
            sizes.append(len(block))
            yield block

    monkeypatch.setattr(serve_views, "_blocks", watched)
    granted = grant(str(repository))
    assert restic(granted.repository, "--no-lock", "snapshots").returncode == 0
    assert sizes and max(sizes) <= serve_views.BLOCK
    assert re.fullmatch(r"[a-z2-7]{16}", granted.uid)
