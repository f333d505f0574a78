"""The portal's own backup: all of it at one instant, into an empty place only, and through kills."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text

from portal import jobs
from portal.blob_stores import store
from portal.blobs import Document, content_of, erase
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.engine.customer_side import backup as back_up_elsewhere
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from portal.papers import promise
from portal.safekeeping.known_keys import remember_keys
from portal.safekeeping.models import Rehearsal, newest
from portal.safekeeping.place import Place, policy
from tests.buckets import a_bucket
from tests.builders import a_customer
from tests.engine.cheap_key import cheapen
from tests.facturx.test_archive import a_draft
from tests.forked import Forked
from tests.installation import ROOT, Installation, Installs, is_postgresql
from tests.safekeeping.places import (
    SECRET,
    a_document,
    a_repository,
    an_empty_place,
    command,
    live_a_little,
    looking_into,
    run,
)


@pytest.fixture
def place(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    monkeypatch.setenv("RESTIC_PASSWORD", SECRET)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    folder = tmp_path / "portal"
    folder.mkdir()
    with an_installation(folder) as installed:
        with installed.context():
            remember_keys()
        yield installed


@pytest.fixture
def bucket() -> Iterator[str]:
    with a_bucket("kept-apart") as name:
        yield name


def snapshots(repository: Path) -> list[str]:
    found = Restic().snapshots(RepoRef(str(repository)), Passphrase(SECRET))
    return [one.id for one in found if one.host == "portal"]


def test_database_and_documents_come_back_as_they_were(place: Installation, tmp_path: Path) -> None:
    made, repository = live_a_little(place), a_repository(tmp_path)
    (place.folder / "erasures").mkdir()
    (place.folder / "erasures" / "case.journal").write_text("effacé")
    done = run(place.app, "backup", "--to", str(repository))
    assert done.exit_code == 0, done.output
    with place.context():
        row = newest(Rehearsal.BACKUP)
        assert (
            row is not None
            and row.is_good
            and row.documents == 1
            and row.snapshot == snapshots(repository)[0]
        )
        a_customer(db.session.scalars(select(Customer)).one().organisation.parent, siren=None)  # after it
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        back = run(other, "restore", "--from", str(repository))
        assert back.exit_code == 0, back.output
        with looking_into(other):
            assert len(db.session.scalars(select(Customer)).all()) == 1
            assert (tmp_path / "other" / "erasures" / "case.journal").read_text() == "effacé"
            rows = {row.uid: row for row in db.session.scalars(select(Document))}
            assert content_of(rows[made["paper"]]) == b"facture"
            assert rows[made["export"]].erased  # what came out of a vault is in no backup
        again = run(other, "restore", "--from", str(repository))
        assert again.exit_code == 1 and "pas vide" in again.output


def test_a_paper_that_is_not_printed_yet_is_not_lost_and_is_printed_after_the_restore(
    place: Installation, tmp_path: Path
) -> None:
    """Its content is frozen in the database, and its task waits there."""
    repository = a_repository(tmp_path)
    live_a_little(place)
    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        names = {"subject": customer, "kind": "invoice", "filename": "facture.pdf"}
        uid = promise(a_draft(), owner=customer.organisation, **names).uid
        db.session.commit()
    assert run(place.app, "backup", "--to", str(repository)).exit_code == 0
    with place.context():
        row = newest(Rehearsal.BACKUP)
        assert row is not None and row.is_good and row.documents == 1
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        assert run(other, "restore", "--from", str(repository)).exit_code == 0
        with looking_into(other):
            jobs.drain()
            set_scope(EVERYTHING)
            paper = db.session.scalars(select(Document).where(Document.uid == uid)).one()
            assert content_of(paper).startswith(b"%PDF")


def test_the_keys_are_not_in_the_backup(place: Installation, tmp_path: Path) -> None:
    live_a_little(place)
    repository = a_repository(tmp_path)
    run(place.app, "backup", "--to", str(repository))
    target = tmp_path / "all"
    command = [
        "restic",
        "-q",
        "--no-cache",
        "-r",
        str(repository),
        "restore",
        "latest",
        "--target",
        str(target),
    ]
    subprocess.run(command, check=True, env={**os.environ, "RESTIC_PASSWORD": SECRET})
    names = {path.name for path in target.rglob("*") if path.is_file()}
    assert "inventory.json" in names and "keys.json" not in names
    private = (place.folder / "keys.json").read_text().split('"k1": "')[1][:40].encode()
    assert not any(private in path.read_bytes() for path in target.rglob("*") if path.is_file())


def test_a_document_erased_meanwhile_is_told_and_one_that_is_lost_is_a_fault(
    place: Installation, tmp_path: Path
) -> None:
    made, repository = live_a_little(place), a_repository(tmp_path)
    from portal.safekeeping import backup

    real = backup.stage_documents

    def late(documents: object, folder: Path, tell: object) -> object:
        with place.context():
            paper = db.session.scalars(select(Document).where(Document.uid == made["paper"])).one()
            erase(paper)
            db.session.commit()
        return real(documents, folder, tell)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "stage_documents", late)
        done = run(place.app, "backup", "--to", str(repository))
    assert done.exit_code == 0, done.output
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        assert run(other, "restore", "--from", str(repository)).exit_code == 0
        with looking_into(other):
            paper = db.session.scalars(select(Document).where(Document.uid == made["paper"])).one()
            assert paper.erased
    with place.context():
        lost = a_document(db.session.scalars(select(Customer)).one(), "invoice", b"perdue")
        store().delete(lost.storage_key)
    done = run(place.app, "backup", "--to", str(repository))
    assert done.exit_code == 1 and "manquent" in done.output
    with place.context():
        row = newest(Rehearsal.BACKUP)
        assert row is not None and not row.is_good


def test_a_role_that_only_reads_backs_up_every_row(place: Installation, tmp_path: Path) -> None:
    if not is_postgresql():
        return
    live_a_little(place)
    url, name = make_url(place.environment["DATABASE_URL"]), f"reader_{new_uid()}"
    server = create_engine(url.set(username="admin"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS"))
        for what in ("TABLES", "SEQUENCES"):
            connection.execute(text(f"GRANT SELECT ON ALL {what} IN SCHEMA public TO {name}"))
    server.dispose()
    place.app.config["OWNER_DATABASE_URL"] = url.set(username=name).render_as_string(hide_password=False)
    repository = a_repository(tmp_path)
    done = run(place.app, "backup", "--to", str(repository))
    assert done.exit_code == 0, done.output
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        back = run(other, "restore", "--from", str(repository))
        assert back.exit_code == 0, back.output
        with looking_into(other):
            granted = text("select has_table_privilege(:role, 'customer', 'select')")
            assert len(db.session.scalars(select(Customer)).all()) == 1
            assert db.session.scalar(granted, {"role": name})


def test_documents_of_a_bucket_are_saved_and_restored(
    place: Installation, tmp_path: Path, bucket: str
) -> None:
    place.app.config["BLOB_URL"] = f"s3://{bucket}/saved"
    made, repository = live_a_little(place), a_repository(tmp_path)
    for _twice in range(2):
        done = run(place.app, "backup", "--to", str(repository))
        assert done.exit_code == 0, done.output
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        other.config["BLOB_URL"] = f"s3://{bucket}/saved"
        refused = run(other, "restore", "--from", str(repository))
        assert refused.exit_code == 1 and "pas vide" in refused.output
        other.config["BLOB_URL"] = f"s3://{bucket}/other"
        back = run(other, "restore", "--from", str(repository))
        assert back.exit_code == 0, back.output
        with looking_into(other):
            paper = db.session.scalars(select(Document).where(Document.uid == made["paper"])).one()
            assert content_of(paper) == b"facture"


def test_a_damaged_document_is_told_by_name(place: Installation, tmp_path: Path) -> None:
    made, repository = live_a_little(place), a_repository(tmp_path)
    run(place.app, "backup", "--to", str(repository))
    from portal.safekeeping import restore

    real = restore._fetch

    def spoil(*given: object) -> Path:
        source = real(*given)  # type: ignore[arg-type]
        for path in (source / "documents").glob("*/*"):
            path.write_bytes(b"autre chose")
        return source

    with (
        an_empty_place(tmp_path / "other", place.folder / "keys.json") as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(restore, "_fetch", spoil)
        back = run(other, "restore", "--from", str(repository))
    assert back.exit_code == 1 and "contenu différent" in back.output, made


@pytest.mark.slow
def test_an_address_without_repository_is_refused_unless_one_is_asked_for(
    place: Installation, tmp_path: Path
) -> None:
    missing = run(place.app, "backup", "--to", str(tmp_path / "none"))
    assert missing.exit_code == 1 and not (tmp_path / "none").exists()
    with place.context(), Place.at(str(tmp_path / "none")) as there:
        there.create()
    cheapen(tmp_path / "none", SECRET)
    assert run(place.app, "backup", "--to", str(tmp_path / "none"), "--init").exit_code == 0
    assert len(snapshots(tmp_path / "none")) == 1


def test_old_backups_go_and_those_of_other_machines_stay(place: Installation, tmp_path: Path) -> None:
    repository, key = a_repository(tmp_path), Passphrase(SECRET)
    (tmp_path / "notes").mkdir()
    back_up_elsewhere(Restic(), RepoRef(str(repository)), key, [tmp_path / "notes"], "poste")
    place.app.config["BACKUP_KEEP"] = "last=2"
    for _each in range(3):
        assert run(place.app, "backup", "--to", str(repository)).exit_code == 0
    assert len(snapshots(repository)) == 2
    assert len(Restic().snapshots(RepoRef(str(repository)), Passphrase(SECRET))) == 3


@pytest.mark.parametrize("text", ["", "daily", "daily=0", "daily=x", "often=3"])
def test_a_policy_that_would_keep_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        policy(text)


@pytest.mark.slow
def test_the_password_is_no_argument_and_on_no_disk(place: Installation, tmp_path: Path) -> None:
    live_a_little(place)
    repository = a_repository(tmp_path)
    process = start(place, "backup", "--to", str(repository))
    seen = b""
    while process.poll() is None:
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen += each.read_bytes()
            except OSError:
                continue
        time.sleep(0.02)
    assert process.returncode == 0
    assert b"restic\0--no-cache" in seen and SECRET.encode() not in seen
    written = [path for path in place.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def start(place: Installation, *words: str, **settings: str) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).parent / "flask"), *words]
    environment = {**place.environment, "RESTIC_PASSWORD": SECRET, **settings}
    with (place.folder / "command.log").open("ab") as log:
        return subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )


@pytest.mark.slow
def test_a_backup_that_is_killed_anywhere_leaves_nothing_half_done(
    place: Installation, tmp_path: Path
) -> None:
    live_a_little(place)
    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        for number in range(6):
            a_document(customer, "invoice", os.urandom(400_000) + bytes([number]))
    repository = a_repository(tmp_path)
    for moment in ("database", "documents", "restic"):
        process = command(place.app, "backup", "--to", str(repository))
        wait_until(process, place, repository, moment)
        process.kill()
    done = run(place.app, "backup", "--to", str(repository))
    assert done.exit_code == 0, done.output
    checked = subprocess.run(
        ["restic", "--no-cache", "-r", str(repository), "check", "--read-data"],
        env={**os.environ, "RESTIC_PASSWORD": SECRET},
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        for one in snapshots(repository):  # each of them whole, also one that a kill followed closely
            words = ["--snapshot", one, "--into", str(tmp_path / one[:8])]
            assert run(other, "restore", "--from", str(repository), *words).exit_code == 0


def wait_until(process: Forked, place: Installation, repository: Path, moment: str) -> None:
    stage = place.folder / "backup" / "stage"
    signs = {
        "database": lambda: any(stage.glob("database.*")),
        "documents": lambda: any((stage / "documents").glob("*/*")),
        "restic": lambda: any((repository / "locks").iterdir()) and (stage / "inventory.json").exists(),
    }
    end = time.monotonic() + 30
    while not signs[moment]() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


@pytest.mark.slow
def test_a_restore_that_is_killed_goes_on(place: Installation, tmp_path: Path) -> None:
    live_a_little(place)
    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        for _each in range(20):
            a_document(customer, "invoice", os.urandom(200_000))
    repository = a_repository(tmp_path)
    assert run(place.app, "backup", "--to", str(repository)).exit_code == 0
    with an_empty_place(tmp_path / "other", place.folder / "keys.json") as other:
        for sign in ("backup/fetched-*", "blobs/*/*"):
            process = command(other, "restore", "--from", str(repository))
            end = time.monotonic() + 30
            while (
                not any((tmp_path / "other").glob(sign)) and process.poll() is None and time.monotonic() < end
            ):
                time.sleep(0.002)
            process.kill()
        back = run(other, "restore", "--from", str(repository))
        assert back.exit_code == 0 or "pas vide" in back.output, back.output
        with looking_into(other):
            papers = db.session.scalars(select(Document).where(Document.kind == "invoice")).all()
            assert len(papers) == 21
            for paper in papers:
                assert hashlib.sha256(content_of(paper)).hexdigest() == paper.sha256
