"""kill -9 of the worker in the middle, then another worker: one correct result, nothing typed again."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from portal import clock
from portal.blobs import Document, content_of
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, reading, set_scope
from portal.journal import SYSTEM
from portal.reversibility.models import CaseState, Reason, ReversibilityCase
from portal.reversibility.opening import open_case
from tests import builders, vaulting
from tests.forked import Forked, forked
from tests.installation import seal
from tests.reversibility.test_views import checked
from tests.reversibility.worker import work
from tests.vaulting import link_in, unlock, wait_for

C = CaseState
pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path, new_database) -> tuple[str, Path]:
    """Database and DATA_DIR of one installation."""
    folder = tmp_path / "data"
    create_key_file(folder, *seal())
    return new_database(folder), folder


@pytest.fixture
def installation(place, monkeypatch) -> Iterator[Flask]:
    url, folder = place
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC))
    app = create_app(
        TESTING=True,
        WTF_CSRF_ENABLED=False,
        DATA_DIR=folder,
        SQLALCHEMY_DATABASE_URI=url,
        BLOB_URL=f"{folder}/blobs",
        KEY_AGENT_SOCKET=f"{folder}/agent.sock",
        ERASE_COOLING_HOURS=0,
    )
    with app.app_context(), vaulting.running_agent(folder / "agent.sock"):
        set_scope(EVERYTHING)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def case(installation, repository, tmp_path) -> ReversibilityCase:
    house = builders.a_house()
    customer = builders.a_customer(house.reseller, accepted="dropcloud")
    subscription = vaulting.a_subscription(customer, ends_on=clock.today())
    shutil.copytree(repository, tmp_path / "own")
    vault = vaulting.a_vault(customer, tmp_path / "own", subscription)
    row = open_case(
        subscription, vault, reason=Reason.COPY, received_on=clock.today(), cost_cents=0, by=SYSTEM
    )
    db.session.commit()
    return row


@pytest.fixture
def start(installation) -> Iterator[Callable[..., Forked]]:
    running: list[Forked] = []

    def begin(*, slow: bool) -> Forked:
        running.append(forked(installation, lambda: work(installation, is_slow=slow)))
        return running[-1]

    yield begin
    for process in running:
        process.kill()


def state_of(case) -> CaseState:
    with reading():
        db.session.rollback()
        db.session.refresh(case)
        state: CaseState = case.state
        db.session.rollback()  # a transaction left open here would hold the worker up
    return state


def type_the_passphrase(installation, case) -> None:
    path = link_in(vaulting.last_mail(case.uid))
    db.session.rollback()
    with installation.app_context():
        assert unlock(installation.test_client(), path).status_code == 303


def test_a_choice_survives_kill_9(installation, case, start, place):
    uid = case.uid
    case.ask_to_choose(by=SYSTEM)
    db.session.commit()
    type_the_passphrase(installation, case)
    worker = start(slow=False)
    wait_for(lambda: state_of(case) == C.CHOOSING)
    worker.kill()
    accueil, compta = case.choice.groups
    case.choose(["", compta.points[0].id], "", by=SYSTEM)
    db.session.commit()
    worker = start(slow=True)
    log = place[1] / "exports" / f"{uid}-1.work" / "checkpoint.jsonl"
    wait_for(lambda: log.is_file() and log.read_text().count('"volume"') >= 2)
    worker.kill()
    assert state_of(case) == C.EXPORTING
    start(slow=False)
    wait_for(lambda: state_of(case) == C.READY)
    choice = next(document for document in exports(case) if document.filename == "CHOICE.csv")
    assert accueil.host in content_of(choice).decode() and "left_out" in content_of(choice).decode()
    assert case.files == 61


def secret_in_processes() -> list[str]:
    """Command lines and environments of every process that may be read."""
    secret, found = vaulting.SECRET.encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                content = (folder / name).read_bytes()
            except OSError:
                continue
            if secret in content:
                found.append(f"{folder.name}/{name}")
    return found


def secret_in_files(folder: Path) -> list[Path]:
    secret = vaulting.SECRET.encode()
    return [file for file in folder.rglob("*") if file.is_file() and secret in file.read_bytes()]


def test_an_export_survives_kill_9(installation, case, start, place, tmp_path):
    case_uid_ = case.uid
    type_the_passphrase(installation, case)
    worker = start(slow=True)
    log = place[1] / "exports" / f"{case_uid_}-1.work" / "checkpoint.jsonl"
    wait_for(lambda: log.is_file() and log.read_text().count('"volume"') >= 2)
    assert secret_in_processes() == []
    worker.kill()
    assert state_of(case) == C.EXPORTING
    assert secret_in_files(place[1]) == []
    worker = start(slow=True)
    plain, kept = place[1] / "exports" / f"{case_uid_}-1", place[1] / "blobs"
    wait_for(lambda: len(list(kept.rglob(f"{case_uid_}-1-*"))) >= 3)
    worker.kill()  # while the store takes the files over
    assert state_of(case) == C.EXPORTING
    assert plain.is_dir() and not (plain / "export-001.zip").exists()
    start(slow=False)
    wait_for(lambda: state_of(case) == C.READY)
    names = [d.filename for d in exports(case)]
    assert len(names) == len(set(names)) and sum(name.endswith(".zip") for name in names) >= 6
    assert checked(case, tmp_path / "out") >= 62
    assert len(case_links(case)) == 1
    assert secret_in_files(place[1]) == []
    assert vaulting.SECRET not in vaulting.text_of_every_column()
    wait_for(lambda: not list((place[1] / "exports").glob(f"{case_uid_}*")))
    heads = {file.read_bytes()[:15] for file in kept.rglob("*") if file.is_file()}
    assert heads == {b"portal-sealed-1"}


def exports(case) -> list[Document]:
    query = select(Document).where(Document.subject_uid == case.uid, Document.kind == "export")
    return list(db.session.scalars(query.order_by(Document.id)))


def case_links(case):
    from portal.links import Purpose, SignedLink

    query = select(SignedLink).where(SignedLink.subject_uid == case.uid)
    return list(db.session.scalars(query.where(SignedLink.purpose == Purpose.FETCH_EXPORT)))


def test_a_cancelled_export_stops_and_leaves_nothing(installation, case, start, place):
    type_the_passphrase(installation, case)
    start(slow=True)
    work = place[1] / "exports" / f"{case.uid}-1.work"
    db.session.rollback()
    wait_for(lambda: (work / "checkpoint.jsonl").is_file())
    wait_for(lambda: (work / "checkpoint.jsonl").read_text().count('"volume"') >= 1)
    state_of(case)
    case.cancel(by=SYSTEM)
    db.session.commit()
    wait_for(lambda: not list((place[1] / "exports").glob("*")), seconds=30)
    assert state_of(case) == C.CANCELLED and exports(case) == []


def test_an_erasure_survives_kill_9_and_is_certified_once(installation, case, start, place):
    type_the_passphrase(installation, case)
    first = start(slow=False)
    wait_for(lambda: state_of(case) == C.READY)
    first.kill()
    case.accept(erase_now=True, by=SYSTEM)
    case.release(by=SYSTEM)
    db.session.commit()
    repo = Path(case.vault.location)
    db.session.rollback()
    before = sum(file.is_file() for file in repo.rglob("*"))
    worker = start(slow=True)
    wait_for(lambda: not (repo / "keys").is_dir() or not list((repo / "keys").iterdir()))
    worker.kill()
    assert repo.exists() and state_of(case) == C.ERASING
    start(slow=False)
    wait_for(lambda: state_of(case) == C.ERASED)
    assert not repo.exists()
    query = select(Document).where(Document.kind == "certificate").execution_options(populate_existing=True)

    def printed() -> bool:
        there = [one.is_there for one in db.session.scalars(query)]
        db.session.rollback()
        return all(there)

    wait_for(printed)
    certificates = db.session.scalars(query).all()
    names = sorted(one.filename for one in certificates)
    assert names == [f"{case.certificate_number}.pdf", f"{case.return_number}.pdf"]
    assert case.certificate_number.endswith("000001")
    assert all(document.erased for document in exports(case))
    kept = sorted(p.name for p in (place[1] / "blobs").rglob("*") if p.is_file())
    assert kept == sorted(one.storage_key for one in certificates)
    assert case.certificate is not None
    assert f"{before} (" in vaulting_text(case.certificate)


def vaulting_text(document: Document) -> str:
    from portal.blobs import content_of
    from tests.reversibility.test_views import pdf_text

    return pdf_text(content_of(document))
