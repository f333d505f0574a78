"""Collections and batches: announced, judged, frozen, exported once."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import jobs
from portal.blob_stores import store
from portal.blobs import Document, content_of
from portal.db import EVERYTHING, db, set_scope
from portal.errors import IllegalStep, Refused
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.sepa.batches.export import write_batch
from portal.sepa.formats import pain008
from portal.sepa.models import Batch, Collection, CollectionState, Mandate, next_collections, plan_collection
from tests.builders import House, a_customer, a_house, stored
from tests.conftest import MONDAY
from tests.forked import Forked, forked
from tests.sepa import crash_worker
from tests.sepa.people import (
    SWISS_IBAN,
    a_collection,
    a_mandate,
    a_signed_mandate,
    code_in_mail,
    freeze_batch,
    go_to_code,
    last_mail,
    the_entity,
)

TODAY = date(2026, 11, 23)
DUE = date(2026, 12, 7)  # 14 days later, a TARGET day
ROOT = Path(__file__).resolve().parents[2]


def export(batch: Batch) -> Batch:
    """Let the worker do what is queued; it forgets every row, so the batch is read again."""
    uid = batch.uid
    jobs.drain()
    set_scope(EVERYTHING)
    return db.session.scalars(select(Batch).where(Batch.uid == uid)).one()


def test_003_50_a_debit_is_announced_14_days_before(house: House) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    assert stored(row).due_on == DUE
    assert row.problem(TODAY) is None
    mail = last_mail(row)
    for words in (
        "123,45",
        "7 décembre 2026",
        "FR15ZZZ588627",
        mandate.rum,
        "8 semaines",
        "FR76 •••• •••• 0189",
    ):
        assert words in mail.body.replace("\u00a0", " ").replace("\u202f", " ")
    assert mail.recipient == "contact@client.example"
    assert next_collections(mandate.customer) == [row]


def test_planned_twice_is_planned_once(house: House) -> None:
    mandate = a_signed_mandate(house)
    first = a_collection(mandate, source_uid="invoice-1")
    second = a_collection(mandate, source_uid="invoice-1", amount_cents=1)
    assert first is second
    assert stored(first).amount_cents == 12345
    set_scope(EVERYTHING)
    from portal.mail import Mail

    assert len(db.session.scalars(select(Mail).where(Mail.subject_uid == first.uid)).all()) == 1


def test_each_debit_has_its_own_end_to_end_id(house: House) -> None:
    mandate = a_signed_mandate(house)
    rows = [a_collection(mandate, source_uid=str(n)) for n in range(3)]
    assert len({row.end_to_end_id for row in rows}) == 3
    assert all(row.end_to_end_id.startswith("FA-2026-000123-") for row in rows)
    odd = a_collection(mandate, source_uid="odd", reference="Été / œuvre n° 1 – très longue référence")
    assert odd.problem(TODAY) is None
    assert len(odd.end_to_end_id) <= 35


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_of_nothing_is_not_planned(house: House, cents: int) -> None:
    with pytest.raises(Refused, match="Montant"):
        a_collection(a_signed_mandate(house), amount_cents=cents)


def test_nothing_is_planned_on_an_unusable_mandate(house: House) -> None:
    mandate, _ = a_mandate(house)
    with pytest.raises(Refused, match="pas encore signé"):
        a_collection(mandate)


def test_what_stops_a_debit_is_said(house: House) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    assert "Trop tard pour la banque" in row.problem(date(2026, 12, 4))
    assert row.problem(date(2026, 12, 3)) is None
    row.announced_at = MONDAY + timedelta(days=1)
    assert "Annoncé trop tard" in row.problem(TODAY)
    row.announced_at = MONDAY
    mandate.last_presented_on = None
    mandate.signed_on = date(2023, 12, 7)
    assert "caduc" in row.problem(TODAY)
    mandate.signed_on = TODAY
    row.remittance = "日本"
    assert "libellé" in row.problem(TODAY)
    row.remittance = "Facture"
    mandate.revoke(received_on=TODAY, notice_months=0, by=SYSTEM)
    assert "révoqué" in row.problem(TODAY)


def test_an_account_outside_the_eea_carries_its_address(house: House) -> None:
    mandate = a_signed_mandate(house, iban=SWISS_IBAN)
    row = a_collection(mandate)
    assert row.problem(TODAY) is None
    assert row.line().address.town == "Paris"
    mandate.town = ""
    assert "ville" in row.problem(TODAY)


def test_a_late_debit_is_announced_anew(house: House, at) -> None:
    row = a_collection(a_signed_mandate(house))
    at(MONDAY + timedelta(days=12))
    row.postpone(by=SYSTEM)
    db.session.commit()
    assert stored(row).due_on == date(2026, 12, 21)
    assert row.problem(date(2026, 12, 5)) is None
    assert "21 décembre" in last_mail(row).body.replace("\u00a0", " ")


def test_a_cancelled_debit_is_out_of_every_batch(house: House) -> None:
    row = a_collection(a_signed_mandate(house))
    row.cancel(by=SYSTEM)
    db.session.commit()
    with pytest.raises(Refused, match="Aucun prélèvement"):
        freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    with pytest.raises(IllegalStep):
        row.postpone(by=SYSTEM)


def test_a_batch_takes_what_is_due_and_sound(house: House) -> None:
    mandate = a_signed_mandate(house)
    good = a_collection(mandate, source_uid="good")
    later = a_collection(mandate, source_uid="later")
    later.due_on = date(2026, 12, 14)
    bad = a_collection(mandate, source_uid="bad")
    bad.remittance = "日本"
    b2b = a_collection(_confirmed_b2b(house), source_uid="b2b")
    db.session.commit()
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    states = [stored(row).state for row in (good, later, bad, b2b)]
    assert states == ["frozen", "announced", "announced", "announced"]
    assert (batch.count, batch.total_cents) == (1, 12345)
    assert batch.msg_id == f"REM-{batch.uid.upper()}"
    with pytest.raises(Refused):
        freeze_batch(the_entity(), "CORE", DUE, SYSTEM)


def _confirmed_b2b(house: House) -> Mandate:
    mandate = a_signed_mandate(house, a_customer(house.other, name="Pro"), scheme="B2B")
    mandate.confirm_at_bank(on=TODAY, by=SYSTEM)
    return mandate


def test_the_file_is_valid_and_says_what_the_rows_say(house: House) -> None:
    core = a_signed_mandate(house)
    swiss = a_signed_mandate(house, a_customer(house.other, name="Käse & Söhne"), iban=SWISS_IBAN)
    a_collection(core, source_uid="1")
    a_collection(swiss, source_uid="2", amount_cents=100)
    other = a_collection(core, source_uid="3", amount_cents=5)
    other.due_on = date(2026, 12, 8)
    db.session.commit()
    batch = freeze_batch(the_entity(), "CORE", date(2026, 12, 8), SYSTEM)
    db.session.commit()
    batch = export(batch)
    assert batch.state == "exported"
    content = content_of(batch.document)
    totals = pain008.validate(io.BytesIO(content))
    assert (totals.count, totals.total_cents) == (batch.count, batch.total_cents) == (3, 12450)
    assert hashlib.sha256(content).hexdigest() == batch.sha256
    assert content.count(b"<PmtInf>") == 2
    assert b"Kase + Sohne" in content
    assert batch.msg_id.encode() in content
    used = dict(db.session.execute(select(Mandate.debtor_name, Mandate.last_presented_on)).all())
    assert used == {"Boulangerie Martin": date(2026, 12, 8), "Käse & Söhne": DUE}
    states = db.session.scalars(select(Collection.state)).all()
    assert set(states) == {CollectionState.EXPORTED}


def test_exported_again_gives_nothing_new(house: House) -> None:
    a_collection(a_signed_mandate(house))
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    batch = export(batch)
    again = io.BytesIO()
    write_batch(batch, again)
    assert hashlib.sha256(again.getvalue()).hexdigest() == batch.sha256
    jobs.resume("sepa.export", batch.uid)
    batch = export(batch)
    assert len(db.session.scalars(select(Document).where(Document.kind == "batch")).all()) == 1
    with pytest.raises(IllegalStep):
        batch.finish(batch.document)


def test_a_row_that_the_file_refuses_is_named(house: House) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    mandate.debtor_name = "日本"
    db.session.commit()
    mandate_id, end_to_end_id = mandate.id, row.end_to_end_id
    batch = export(batch)
    task = jobs.find_task("sepa.export", batch.uid)
    assert task.state == TaskState.FAILED
    assert end_to_end_id in task.error
    assert batch.state == "frozen"
    db.session.get_one(Mandate, mandate_id).debtor_name = "Boulangerie Martin"
    jobs.resume("sepa.export", batch.uid)
    db.session.commit()
    batch = export(batch)
    assert batch.state == "exported"


# What follows needs real processes or threads, hence a database of its own.


def _many(house: House, count: int) -> Batch:
    mandates = [
        a_signed_mandate(house, a_customer(house.reseller, name=f"Client {n}", siren=None)) for n in range(3)
    ]
    for n in range(count):
        plan_collection(
            mandates[n % 3],
            amount_cents=100 + n,
            reference=f"FA-{n}",
            source_uid=f"s{n}",
            remittance=f"Facture {n}",
            notice_days=14,
            by=SYSTEM,
        )
    from portal.jobs import Task

    db.session.flush()
    db.session.query(Task).delete()  # mails are not what this is about
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    return batch


def _files(kind: str = "batch") -> int | None:
    return db.session.scalar(select(func.count()).select_from(Document).where(Document.kind == kind))


def _orphans() -> set[str]:
    """Objects that no row speaks of."""
    return set(store().keys()) - set(db.session.scalars(select(Document.storage_key)))


def _worker(island: Flask, *, dies_at: str = "", is_slow: bool = False) -> Forked:
    def act() -> None:
        if is_slow:
            crash_worker.slow_down()
        crash_worker.die_at(dies_at)
        crash_worker.work(island)

    return forked(island, act)


def _another_program(island: Flask) -> int:
    """A worker that shares nothing with this process but the database and the folder; its exit code."""
    config = island.config
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(config["DATA_DIR"]),
        "BLOB_URL": config["BLOB_URL"],
        "DATABASE_URL": config["SQLALCHEMY_DATABASE_URI"],
        "LOG_LEVEL": "CRITICAL",
    }
    return subprocess.call([sys.executable, "-m", "tests.sepa.crash_worker"], cwd=ROOT, env=env)


@pytest.mark.slow
def test_killed_anywhere_the_export_gives_one_file(island: Flask) -> None:
    batch = _many(a_house(), 300)
    expected = io.BytesIO()
    write_batch(batch, expected)
    msg_id, batch_uid = batch.msg_id, batch.uid
    db.session.rollback()

    for place in ("rows", "written", "kept", "moved"):
        assert _worker(island, dies_at=place).wait(60) == -signal.SIGKILL, place
        assert _files() == 0
        assert db.session.scalars(select(Collection.state).distinct()).all() == [CollectionState.FROZEN]
        db.session.rollback()  # SQLite: an open transaction would keep the next worker out
    victim = _worker(island, is_slow=True)  # killed from outside, at a time that nobody chose
    time.sleep(0.15)
    victim.kill()
    assert _worker(island, dies_at="committed").wait(60) in {-signal.SIGKILL, 0}
    assert _another_program(island) == 0

    db.session.rollback()
    db.session.expire_all()
    batch = db.session.scalars(select(Batch)).one()
    documents = db.session.scalars(select(Document).where(Document.kind == "batch")).all()
    assert [document.id for document in documents] == [batch.document_id]
    assert (batch.state, batch.msg_id) == ("exported", msg_id)
    assert batch.sha256 == hashlib.sha256(expected.getvalue()).hexdigest()
    assert content_of(batch.document) == expected.getvalue()
    rows = db.session.scalars(select(Collection)).all()
    assert {row.state for row in rows} == {CollectionState.EXPORTED}
    assert {row.version for row in rows} == {3}  # announced, frozen, exported: each once
    assert jobs.find_task("sepa.export", batch_uid).state == TaskState.DONE
    assert list((Path(island.config["DATA_DIR"]) / "work").iterdir()) == []
    assert _orphans() == set()


def test_killed_before_its_note_and_cancelled_the_export_leaves_no_object(island: Flask) -> None:
    house = a_house()
    batch_id = _many(house, 3).id
    db.session.rollback()
    assert _worker(island, dies_at="kept").wait(60) == -signal.SIGKILL
    assert len(_orphans()) == 1
    db.session.rollback()
    db.session.get_one(Batch, batch_id).cancel(by=house.finance)
    db.session.commit()
    assert _worker(island).wait(60) == 0
    assert _orphans() == set()


@pytest.mark.slow
def test_sixty_workers_killed_at_random_leave_one_batch_and_no_file(island: Flask) -> None:
    batch = _many(a_house(), 300)
    msg_id = batch.msg_id
    db.session.rollback()
    chance = Random(60)
    for _kill in range(60):
        victim = _worker(island, is_slow=True)
        time.sleep(chance.uniform(0, 0.24))  # each lives less than its pauses
        assert victim.poll() is None, "it came to the end"
        victim.kill()
    assert _files() == 0
    db.session.rollback()
    assert _worker(island).wait(60) == 0
    db.session.rollback()
    db.session.expire_all()
    batch = db.session.scalars(select(Batch)).one()
    assert (batch.state, batch.msg_id, _files()) == ("exported", msg_id, 1)
    written = content_of(batch.document)
    assert hashlib.sha256(written).hexdigest() == batch.sha256
    again = io.BytesIO()
    write_batch(batch, again)
    assert again.getvalue() == written
    assert {row.version for row in db.session.scalars(select(Collection))} == {3}
    assert list((Path(island.config["DATA_DIR"]) / "work").iterdir()) == []


def _together(island: Flask, count: int, act) -> list:
    """Run ``act(n)`` in threads that start at the same moment."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(n: int) -> None:
        with island.app_context():
            set_scope(EVERYTHING)
            barrier.wait()
            try:
                results[n] = act(n)
            except Exception as error:
                results[n] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.slow
def test_two_signatures_at_once_give_one(island: Flask) -> None:
    mandate, token = a_mandate(a_house())
    phone = island.test_client()
    go_to_code(phone, token)
    code, uid = code_in_mail(mandate), mandate.uid
    db.session.rollback()

    def sign(_n: int) -> int:
        return island.test_client().post(f"/sign/{token}/signature", data={"code": code}).status_code

    assert sorted(_together(island, 4, sign)) == [303, 409, 409, 409]
    set_scope(EVERYTHING)
    mandate = db.session.scalars(select(Mandate).where(Mandate.uid == uid)).one()
    db.session.refresh(mandate)
    assert mandate.broken_link() is None
    assert [row.event["what"] for row in mandate.events].count("signé") == 1
    assert _files("mandate") == 1


@pytest.mark.slow
def test_guesses_at_once_do_not_exceed_five(island: Flask) -> None:
    mandate, token = a_mandate(a_house())
    go_to_code(island.test_client(), token)
    code = code_in_mail(mandate)
    wrong = "111111" if code != "111111" else "222222"
    db.session.rollback()

    def guess(_n: int) -> str:
        return island.test_client().post(f"/sign/{token}/signature", data={"code": wrong}).text

    pages = _together(island, 8, guess)
    assert sum("Essais restants" in page for page in pages) == 4
    assert sum("Trop d" in page for page in pages) == 4


@pytest.mark.slow
def test_two_freezes_at_once_claim_each_row_once(island: Flask) -> None:
    mandate = a_signed_mandate(a_house())
    for n in range(20):
        a_collection(mandate, source_uid=f"s{n}")
    db.session.rollback()

    def freeze(_n: int) -> int:
        batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
        db.session.commit()
        return batch.count

    results = _together(island, 3, freeze)
    assert [r for r in results if isinstance(r, int)] == [20]
    assert sum(isinstance(r, Refused) for r in results) == 2
