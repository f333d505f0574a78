"""The database of the release before becomes one of this release, with all that it holds, and works."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, func, inspect, select, text

from portal import jobs
from portal.accounts.models import User, open_sign_in
from portal.customers.models import Customer
from portal.customers.words import CustomerWord, rows_of_words
from portal.db import EVERYTHING, Base, db, set_scope
from portal.jobs import Lane, Task, TaskState
from portal.mail import Mail
from portal.search.keys import WORDS, rows_of_keys
from portal.search.models import SearchKey
from tests import installation
from tests.previous_release import snapshot

pytestmark = pytest.mark.slow
BEFORE = snapshot.read()["alembic_version"]["rows"][0][0]
GAINED = {"number_series": 1}  # that of the orders
PEOPLE = {
    "exploitation@portail.example": "/ /work /customers /orders /subscriptions /vaults /terms",
    "finance@portail.example": "/ /billing/invoices /billing/runs /sepa/collections /sepa/mandates",
    "gerance@ouest.example": "/ /customers /orders /backups /reversibility",
    "client@ouest.example": "/ /subscriptions /billing/invoices",
}


@dataclass
class Moved:
    app: Flask
    before: dict[str, int]  # rows of each table
    after: dict[str, int]


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, new_database: object) -> Iterator[Moved]:
    """A database at the schema of the release before, filled with its rows, then upgraded."""
    folder = tmp_path_factory.mktemp("before")
    shutil.copy(snapshot.KEYS, folder / "keys.json")
    (folder / "keys.json").chmod(0o600)
    address = installation.empty_database(folder)
    with installation.an_application(folder, address, DEMO=True) as app, app.app_context():
        upgrade(revision=BEFORE)
        with (owner := installation.owner_engine(address) or db.engine).begin() as connection:
            before = snapshot.fill(connection)
        owner.dispose()
        upgrade()
        with db.engine.connect() as connection:
            yield Moved(app, before, _counted(connection))


def _counted(connection: Connection) -> dict[str, int]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("select set_config('app.scope', '/', true)"))
    counted = {}
    for table in inspect(connection).get_table_names():
        counted[table] = connection.execute(text(f"select count(*) from {table}")).scalar_one()
    connection.rollback()
    return counted


def test_no_row_is_lost(moved: Moved) -> None:
    whole = {table: count + GAINED.get(table, 0) for table, count in moved.before.items()}
    assert {table: moved.after.get(table) for table in moved.before} == whole


def test_what_was_to_do_is_done_in_its_lane(moved: Moved) -> None:
    set_scope(EVERYTHING)
    mails = select(func.count()).where(Task.lane == Lane.MAIL)
    assert (db.session.scalar(mails) or 0) > 50
    states = select(Task.state).where(Task.kind == "mail.send", Task.state != TaskState.DONE)
    assert sorted(db.session.scalars(states)) == ["failed", "queued", "queued", "running"]
    db.session.rollback()
    while jobs.run_one([Lane.MAIL], 0):
        pass
    set_scope(EVERYTHING)
    assert db.session.scalars(states).all() == ["failed"]
    db.session.rollback()


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_finds_the_pages_again(moved: Moved, person: str) -> None:
    set_scope(EVERYTHING)
    user = db.session.scalars(select(User).where(User.email == person)).one()
    _row, token = open_sign_in(user, address="127.0.0.1", browser="test")
    db.session.commit()
    client = moved.app.test_client()
    client.set_cookie(moved.app.config["SIGN_IN_COOKIE"], token)
    for path in PEOPLE[person].split():
        with moved.app.app_context():
            answer = client.get(path)
            assert answer.status_code == 200, path


def test_what_was_sealed_is_read(moved: Moved) -> None:
    set_scope(EVERYTHING)
    assert all(mail.body for mail in db.session.scalars(select(Mail)))
    db.session.rollback()


def test_the_duties_of_the_day_run(moved: Moved) -> None:
    jobs.run_periodic()
    set_scope(EVERYTHING)
    duties = db.session.scalars(select(jobs.Duty)).all()
    assert [(duty.name, duty.error) for duty in duties if duty.failures] == []
    assert len(duties) == len(jobs.duties.DUTIES)
    db.session.rollback()


def test_its_code_can_write_beside_ours(tmp_path: Path, new_database: Callable[[Path], str]) -> None:
    """While a release is deployed the old code still runs: what it writes fits the new tables.

    A column that is new and may not be empty has a value that the database itself gives.
    """
    address = new_database(tmp_path)
    engine = installation.owner_engine(address) or create_engine(address)
    with engine.begin() as connection:
        counted = snapshot.fill(connection)
        same = "person.email = user_account.email AND person.password_hash = user_account.password_hash"
        found = f"SELECT count(*) FROM user_account JOIN person ON person.id = person_id AND {same}"
        people = connection.execute(text(f"{found} WHERE joined_at IS NOT NULL")).scalar_one()
    engine.dispose()
    assert counted["task"] > 50 and counted["mail"] > 50
    assert people == counted["user_account"] > 5  # who is invited meanwhile signs in with our code, too


def test_what_was_there_is_found_as_if_it_had_been_entered_now(moved: Moved) -> None:
    set_scope(EVERYTHING)
    customers = db.session.scalars(select(Customer)).all()
    words = {
        (row["customer_id"], row["word"]) for one in customers for row in rows_of_words(one, one.contacts)
    }
    kept = db.session.execute(select(CustomerWord.customer_id, CustomerWord.word))
    assert {(key, word) for key, word in kept} == words and customers
    for kind in WORDS:
        model = next(m.class_ for m in Base.registry.mappers if m.class_.__tablename__ == kind)
        wanted = [row for one in db.session.scalars(select(model)) for row in rows_of_keys(kind, one)]
        found = db.session.execute(select(SearchKey.__table__).where(SearchKey.kind == kind)).mappings()
        assert {tuple(sorted(row.items())) for row in found} == {tuple(sorted(row.items())) for row in wanted}
    db.session.rollback()
