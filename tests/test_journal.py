"""Who did, read or took what is written down, stays as it was, and refuses nobody what is theirs."""

import ast
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, text

from portal import clock
from portal.accounts.models import open_sign_in
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.operations.journal_chain import add_link, find, verify
from portal.papers import have_document
from portal.words.events import EVENTS
from tests import installation
from tests.builders import PASSWORD, House, a_customer, a_house, an_outsider
from tests.installation import ROOT, Installation, Installs
from tests.subscriptions.test_orders import an_order, pay
from tests.test_csv_file import table


def said(of: str) -> list[tuple[str, str]]:
    set_scope(EVERYTHING)
    query = select(JournalEntry).where(JournalEntry.subject_uid == of).order_by(JournalEntry.id)
    return [(entry.what, entry.by_label) for entry in db.session.scalars(query)]


def test_signing_in_and_out_is_written_down(house: House, browser) -> None:
    client, email, uid = browser(), house.sales.email, house.sales.uid
    name = house.sales.label
    client.post("/login", data={"email": email, "password": "wrong-password"})
    client.post("/login", data={"email": email, "password": PASSWORD})
    client.post("/password", data={"password": "wrong-password"})
    client.post("/password", data={"password": PASSWORD})
    client.post("/logout")
    assert said(uid) == [
        ("fail_sign_in", "portail"),
        ("sign_in", name),
        ("fail_confirm", name),
        ("confirm_password", name),
        ("sign_out", name),
    ]


def test_reading_a_document_is_written_down(house: House, browser) -> None:
    document = pay(an_order(house)).document
    uid = document.uid
    assert browser(house.reader).get(f"/documents/{uid}").status_code == 200
    assert said(uid) == [("read", house.reader.label)]


def test_everybody_reads_the_journal_of_their_own_tree(house: House, browser) -> None:
    browser(house.owner).get("/")
    client = browser()
    client.post("/login", data={"email": house.sales.email, "password": "wrong-password"})
    page = browser(house.owner).get("/work/journal")
    assert house.sales.uid in page.text and "mauvais mot de passe" in page.text
    assert house.sales.uid in browser(house.operator).get("/work/journal.csv").text
    assert house.sales.uid not in browser(an_outsider(house)).get("/work/journal").text
    nothing = browser(house.owner).get("/work/journal?who=personne&until=2026-11-01&ref=x")
    assert house.sales.uid not in nothing.text


def test_the_journal_is_searched_by_person_by_record_and_by_day(house: House, browser) -> None:
    browser(house.sales).get("/")
    document = pay(an_order(house)).document
    owner = browser(house.owner)
    assert owner.get(f"/documents/{document.uid}").status_code == 200
    of_it = owner.get(f"/work/journal?q={document.uid}").text.partition('id="list"')[2]
    assert document.uid in of_it and house.sales.uid not in of_it
    assert document.uid in owner.get(f"/work/journal?ref={document.uid}").text
    label = house.owner.label
    assert document.uid in owner.get("/work/journal", query_string={"q": label}).text
    assert document.uid not in owner.get("/work/journal?q=personne").text.partition('id="list"')[2]
    assert document.uid in owner.get("/work/journal?by=person").text
    assert document.uid not in owner.get("/work/journal?on_to=2020-01-01").text.partition('id="list"')[2]
    head, *rows = table(owner.get(f"/work/journal.csv?ref={document.uid}").text)
    assert {row[head.index("Référence")] for row in rows} == {document.uid}
    assert head == table(owner.get("/lists/journal/file.csv").text)[0]
    assert browser(house.sales).get("/lists/journal/file.csv").status_code == 403


def test_a_locked_database_refuses_no_document(an_installation: Installs, tmp_path: Path) -> None:
    """Another process holds the lock for writing, for as long as it likes."""
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            document = pay(an_order(house)).document
            db.session.commit()
            have_document(document)
            uid = document.uid
            _row, token = open_sign_in(house.reader, address="127.0.0.1", browser="test")
            db.session.commit()
            path = f"/documents/{uid}"
        client = place.app.test_client()
        client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
        with locked(place), place.app.app_context():
            in_a_hurry(db.engine)
            answer = client.get(path)
        assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
        with place.context():
            assert said(uid) == []


def in_a_hurry(engine: Engine) -> None:
    """Half a second of patience instead of ten."""
    engine.dispose()
    patience = "SET lock_timeout = 500" if installation.is_postgresql() else "PRAGMA busy_timeout = 500"
    event.listen(engine, "connect", lambda connection, _: connection.execute(patience) and None)


@contextmanager
def locked(place: Installation) -> Iterator[None]:
    """The journal cannot be written to."""
    if installation.is_postgresql():
        engine = installation.owner_engine(place.environment["DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(text("lock table journal_entry in access exclusive mode"))
            yield
        engine.dispose()
    else:
        with closing(sqlite3.connect(place.folder / "portal.db", isolation_level=None)) as connection:
            connection.execute("begin immediate")
            yield


def test_the_chain_holds_while_the_journal_grows(house: House, at) -> None:
    pay(an_order(house))
    assert add_link() is None  # what is not settled may still get a neighbour
    at(clock.now() + timedelta(hours=2))
    first = add_link()
    db.session.flush()
    assert first.lines > 1 and add_link() is None and verify() is first
    a_customer(house.other)
    assert verify() is first
    at(clock.now() + timedelta(hours=2))
    second = add_link()
    db.session.flush()
    assert verify() is second and find(first.digest) is first and find("0" * 64) is None


CHANGES = {
    "a line is changed": "update journal_entry set by_label = 'x' where id = 2",
    "a line is removed": "delete from journal_entry where id = 2",
    "the last lines are removed with their link": (
        "delete from journal_entry where id > 2; delete from journal_link where id > 1"
    ),
    "a link is made of another": (
        "update journal_link set digest_sealed = (select digest_sealed from journal_link where id = 1)"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_who_owns_the_database_cannot_hide_a_change(
    an_installation: Installs, tmp_path: Path, at, change: str
) -> None:
    with an_installation(tmp_path) as place, place.context():
        house = a_house()
        pay(an_order(house))
        at(clock.now() + timedelta(hours=2))
        add_link()
        db.session.commit()
        a_customer(house.other)
        db.session.commit()
        at(clock.now() + timedelta(hours=2))
        noted = add_link().digest
        db.session.commit()
        assert add_link() is None and verified(place, noted) == 0
        db.session.rollback()
        as_owner(place, CHANGES[change])
        assert verified(place, noted) == 1


def verified(place: Installation, noted: str) -> int:
    """The exit code of the command."""
    done = place.app.test_cli_runner().invoke(args=["journal", "verify", "--since", noted])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code


def as_owner(place: Installation, statements: str) -> None:
    """Take the guards away, then act."""
    engine = installation.owner_engine(place.environment["DATABASE_URL"])
    if engine is None:
        with closing(sqlite3.connect(place.folder / "portal.db")) as connection:
            for table in ("journal_entry", "journal_link"):
                connection.execute(f"drop trigger frozen_{table}_update")
                connection.execute(f"drop trigger frozen_{table}_delete")
            connection.executescript(statements)
        return
    with engine.begin() as connection:
        connection.execute(text("select set_config('app.scope', '/', true)"))
        for table in ("journal_entry", "journal_link"):
            connection.execute(text(f"alter table {table} disable trigger user"))
        for statement in statements.split("; "):
            connection.execute(text(statement))
    engine.dispose()


def test_every_event_has_words() -> None:
    """What code writes down as a verb is read by people, in their language."""
    known = {verb for _table, verb in EVENTS}
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"record", "record_taking"}:
                verb = node.args[1]
                if isinstance(verb, ast.Constant):
                    assert verb.value in known, (path.name, verb.value)
