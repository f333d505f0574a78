"""Stores as they are described, and what a subscription's vault may be made in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import Vault
from portal.engine.port import Usage
from portal.mail import Mail
from portal.provisioning.models import HomeState, maintenances_of
from portal.provisioning.rules import may_write, outlives_contract, quota_gb, quota_level
from tests.builders import House, stored, work
from tests.provisioning.places import a_store, below_vaults, deliver, describe, home_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


def hourly(moment: datetime, at: At) -> None:
    db.session.commit()
    at(moment)
    jobs.run_periodic()
    set_scope(EVERYTHING)
    duty = db.session.scalars(db.select(jobs.Duty).where(jobs.Duty.name == "stores.doors")).one()
    assert not duty.failures, duty.error
    work()


def users(home: Any, name: str = "htpasswd") -> list[str]:
    lines = (home.store.folder / name).read_text().splitlines()
    return [line.partition(":")[0] for line in lines]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"inner": "/etc"}, "Indiquez un dossier sous"),
        ({"door": "ftp://x"}, "Écrivez une adresse https://"),
        ({"door": "https://moi:secret@coffres.example"}, "sans identifiants"),
        ({"door": "http://ailleurs.example"}, "VAULT_HOSTS"),
        ({"maintenance_door": "http://127.0.0.1:8000"}, "un autre serveur"),
        ({"kind": "store_s3", "door": "http://127.0.0.1:9000"}, "le nom du seau"),
        ({"immutable_days": "0"}, "De 1 à 3650 jours"),
        ({"name": ""}, "Donnez un nom au magasin"),
    ],
)
def test_a_store_that_cannot_be_so_is_refused_beside_its_field(
    house: House, browser: Browser, values: dict[str, str], sentence: str
) -> None:
    answer = describe(browser(house.operator), below_vaults(), **values)
    assert answer.status_code == 422 and sentence in answer.text.replace("\u202f", " ").replace("\xa0", " ")


def test_two_stores_do_not_share_a_name_and_one_with_vaults_stays_where_it_is(
    house: House, browser: Browser
) -> None:
    client = browser(house.operator)
    store = a_store(client)
    assert "porte déjà ce nom" in describe(client, below_vaults()).text
    deliver(house)
    moved = {"name": store.name, "kind": "store_rest", "door": "http://127.0.0.1:9999", "operator": "H"}
    moved |= {"inner": store.inner, "place": "Lyon", "state": "FR"}
    assert "décrivez un autre magasin" in client.post(f"/stores/{store.uid}", data=moved).text


def test_without_a_store_an_order_is_delivered_as_before(house: House) -> None:
    subscription = deliver(house)
    work()
    assert db.session.scalars(db.select(Vault)).all() == []
    assert subscription.state == "active"


def test_a_store_that_holds_longer_than_the_contract_keeps_is_not_chosen(
    house: House, browser: Browser
) -> None:
    """Do'BaaS has everything erased at the restitution: no day may be refused to it (004-32)."""
    client = browser(house.operator)
    a_store(client, immutable_days="30")
    home = home_of(deliver(house))
    assert home.state == HomeState.WAITING and home.store is None
    page = client.get(f"/subscriptions/{home.subscription.uid}/vault-place")
    assert "retient 30 jours ce que le contrat fait effacer après 0" in page.text
    other = a_store(client, name="Sans verrou")
    answer = client.post(f"/subscriptions/{home.subscription.uid}/vault-place", data={"store": other.uid})
    assert answer.status_code == 303
    work()
    assert stored(home).state == HomeState.OPEN and users(home) == [home.user]


def test_making_a_vault_goes_on_after_a_store_that_could_not_be_written(
    house: House, browser: Browser
) -> None:
    store = a_store(browser(house.operator))
    store.folder.parent.mkdir(parents=True, exist_ok=True)
    store.folder.write_text("in the way")  # no folder can be made there
    home = home_of(deliver(house))
    work()
    assert stored(home).state == HomeState.MAKING and home.vault is None
    store.folder.unlink()
    db.session.execute(db.text("update task set not_before = 0"))
    work()
    assert stored(home).state == HomeState.OPEN and users(home) == [home.user]
    assert db.session.scalar(db.select(db.func.count(Vault.id))) == 1


def test_a_bucket_waits_for_keys_of_its_own_and_refuses_shared_ones(house: House, browser: Browser) -> None:
    client = browser(house.operator)
    a_store(client, kind="store_s3", door="http://127.0.0.1:9000/seau")
    first = home_of(deliver(house))
    keys = {"access_key": "AKIA1", "secret": "canari-cle-1515"}
    assert first.state == HomeState.WAITING
    assert client.post(f"/vault-homes/{first.uid}/keys", data=keys).status_code == 303
    work()
    assert stored(first).state == HomeState.OPEN
    assert str(first.vault.location) == f"s3:http://127.0.0.1:9000/seau/{first.user}"
    assert "canari-cle-1515" not in first.secret_sealed
    second = home_of(deliver(house))
    refused = client.post(f"/vault-homes/{second.uid}/keys", data=keys)
    assert refused.status_code == 422 and "ouvre déjà un autre coffre" in refused.text


def test_a_suspension_closes_new_backups_and_its_end_opens_them(
    house: House, browser: Browser, at: At
) -> None:
    a_store(browser(house.operator))
    subscription = deliver(house)
    work()
    home = home_of(subscription)
    subscription.suspend("003-14", cause="danger", by=house.operator)
    work()
    assert stored(home).state == HomeState.PAUSED and users(home) == []
    assert home.vault.state == "active", "its data stay"
    subscription.reinstate("réglé", by=house.operator)
    work()
    assert stored(home).state == HomeState.OPEN and users(home) == [home.user]
    subscription.give_notice(
        sent_on=MORNING.date(),
        ends_on=datetime(2026, 12, 24).date(),
        reason="x",
        fields={},
        by=house.operator,
    )
    hourly(datetime(2026, 12, 23, 22, tzinfo=UTC), at)
    assert stored(home).state == HomeState.OPEN, "the last day is served whole, in Paris"
    hourly(datetime(2026, 12, 23, 23, 5, tzinfo=UTC), at)
    assert stored(home).state == HomeState.CLOSED and users(home) == []


def test_a_maintenance_ends_in_the_minute_that_was_said(house: House, browser: Browser, at: At) -> None:
    a_store(browser(house.operator))
    home = home_of(deliver(house))
    work()
    hourly(MORNING, at)
    opened = MORNING + timedelta(minutes=2)
    at(opened)
    data = {"hours": "1", "reason": "place"}
    assert browser(house.support).post(f"/vaults/{home.vault.uid}/maintenance", data=data).status_code == 200
    for later, state in ((58, "maintenance_open"), (59, "maintenance_open"), (60, "maintenance_closed")):
        hourly(opened + timedelta(minutes=later), at)
        (row,) = maintenances_of(stored(home))
        assert row.state == state, later
    assert users(home, "maintenance.htpasswd") == []


def test_a_maintenance_ends_by_itself(house: House, browser: Browser, at: At) -> None:
    a_store(browser(house.operator))
    subscription = deliver(house)
    work()
    home = home_of(subscription)
    client = browser(house.support)
    where = f"/vaults/{home.vault.uid}/maintenance"
    assert client.post(where, data={"hours": "80", "reason": "x"}).status_code == 422
    shown = client.post(where, data={"hours": "2", "reason": "plus de place"})
    assert f":8001/{home.user}/" in shown.text
    assert "déjà ouvert" in client.post(where, data={"hours": "2", "reason": "x"}).text
    work()
    assert users(home, "maintenance.htpasswd") == [home.user]
    hourly(MORNING + timedelta(hours=3), at)
    (row,) = maintenances_of(home)
    assert row.state == "maintenance_closed" and row.secret_sealed is None
    assert users(home, "maintenance.htpasswd") == [] and users(home) == [home.user]


def test_the_volume_is_told_at_80_95_and_100_per_cent_once_each(house: House, browser: Browser) -> None:
    a_store(browser(house.operator))
    home = home_of(deliver(house, included_gb=10))
    work()
    for stored_bytes in (7_900_000_000, 8_000_000_000, 8_100_000_000, 9_500_000_000, 12_000_000_000):
        stored(home).vault.measured(Usage(stored_bytes, 1, 1, None, 1, 0))
        db.session.commit()
    query = db.select(Mail.subject).where(Mail.kind == "provisioning/mail_quota").order_by(Mail.id)
    subjects = [subject.replace("\u202f", " ").replace("\xa0", " ") for subject in db.session.scalars(query)]
    assert [subject.split(" : ")[1] for subject in subjects] == [
        "80 % du volume",
        "95 % du volume",
        "100 % du volume",
    ]
    assert "12 Go" in browser(house.support).get(f"/vaults/{home.vault.uid}").text.replace(
        "\u202f", " "
    ).replace("\xa0", " ")


def test_the_locks_of_a_vault_have_an_age(house: House, browser: Browser, at: At) -> None:
    a_store(browser(house.operator))
    home = home_of(deliver(house))
    work()
    at(MORNING)
    vault = stored(home).vault
    vault.measured(Usage(10, 1, 1, None, 1, 1))
    db.session.commit()
    at(MORNING + timedelta(hours=6))
    vault.measured(Usage(10, 1, 1, None, 1, 2))
    db.session.commit()
    assert (vault.locks, vault.locked_since) == (2, MORNING), "the measure that first saw one"
    vault.measured(Usage(10, 1, 1, None, 1, 0))
    assert (vault.locks, vault.locked_since) == (0, None)


def test_only_who_sets_machines_up_sees_credentials(house: House, browser: Browser) -> None:
    a_store(browser(house.operator))
    home = home_of(deliver(house))
    work()
    where = f"/vaults/{stored(home).vault.uid}/set-up"
    reader = browser(house.reader)
    assert reader.get(where).status_code == 200 and reader.post(f"{where}/credentials").status_code == 403
    unsure = browser(house.support, confirmed=False).post(f"{where}/credentials")
    assert str(home.secret) not in unsure.text, "she is asked first who she is"
    assert str(home.secret) in browser(house.support).post(f"{where}/credentials").text


def test_the_rules() -> None:
    assert [quota_gb(700, 50, 3), quota_gb(None, 50, 3), quota_gb(None, None, 3)] == [700, 150, None]
    assert [quota_level(n * 10**9, 10) for n in (7, 8, 9.5, 10, 99)] == [0, 80, 95, 100, 100]
    assert quota_level(10**12, None) == 0
    today = MORNING.date()
    assert may_write(is_suspended=False, ends_on=None, today=today)
    assert not may_write(is_suspended=True, ends_on=None, today=today)
    assert not may_write(is_suspended=False, ends_on=today, today=today)
    assert outlives_contract(31, 30) and not outlives_contract(30, 30)
    assert not outlives_contract(None, 0) and not outlives_contract(9, None)
