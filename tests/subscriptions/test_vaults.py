"""Attaching a repository to a subscription: what is not one, or is a vault already, is refused."""

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from portal import clock, jobs
from portal.db import db
from portal.engine.models import Vault, register_vault
from portal.journal import JournalEntry
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.engine import builders as repositories
from tests.engine.servers import SECRETS, bad_server, listener, rest_server, s3_server
from tests.subscriptions.test_orders import an_order, pay
from tests.vaulting import a_subscription

Browser = Callable[..., FlaskClient]


@pytest.fixture
def subscription(house: House) -> Subscription:
    pay(an_order(house))
    return db.session.scalars(db.select(Subscription)).one()


@pytest.fixture
def vaults_dir(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.config, "VAULTS_DIR", str(tmp_path / "vaults"))
    (tmp_path / "vaults" / "empty").mkdir(parents=True)
    return tmp_path / "vaults"


def attach(client: FlaskClient, subscription: Subscription, location: Path | str) -> object:
    form = {"name": "Serveur", "location": str(location)}
    return client.post(f"/subscriptions/{subscription.uid}/vaults", data=form)


@pytest.mark.slow
def test_a_real_repository_becomes_a_vault(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser
) -> None:
    repo = repositories.a_repository(vaults_dir / "client")
    answer = attach(browser(house.technician), subscription, repo.location)
    assert answer.status_code == 303
    vault = db.session.scalars(db.select(Vault)).one()
    assert (vault.location, vault.subscription_uid) == (repo.location, subscription.uid)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("empty", "pas un dépôt"),
        ("missing", "pas un dépôt"),
        ("../../etc", "doit se trouver sous"),
        ("empty/../..", "doit se trouver sous"),
        ("", "doit se trouver sous"),
    ],
)
def test_what_is_no_repository_is_refused(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser, place: str, sentence: str
) -> None:
    answer = attach(browser(house.technician), subscription, vaults_dir / place)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalars(db.select(Vault)).all() == []


def test_a_relative_place_is_refused(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser
) -> None:
    answer = attach(browser(house.technician), subscription, "vaults/client")
    assert "dossier absolu" in answer.text


@pytest.mark.slow
def test_nothing_is_attached_to_a_contract_that_has_ended(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser, repository: Path
) -> None:
    place = a_copy(repository, vaults_dir / "late")
    subscription.ends_on = clock.today()
    db.session.commit()
    answer = attach(browser(house.technician), subscription, place)
    assert answer.status_code == 422 and "Ce contrat est fini" in refusal(answer)
    assert db.session.scalars(db.select(Vault)).all() == []


def test_others_cannot_attach(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser
) -> None:
    assert attach(browser(house.support), subscription, vaults_dir / "x").status_code == 403
    assert attach(browser(an_outsider(house)), subscription, vaults_dir / "x").status_code == 403


# One repository is one vault


@pytest.fixture
def others(house: House) -> Subscription:
    """Of a customer of the other reseller."""
    return a_subscription(a_customer(house.other, name="Étude du Port", siren=None))


def a_copy(repository: Path, place: Path) -> Path:
    shutil.copytree(repository, place)
    return place


def refusal(answer: object) -> str:
    """What is said beside the field."""
    found = re.search(r'id="location-error-1">(.*?)</p>', answer.text, re.DOTALL)  # type: ignore[attr-defined]
    return html.unescape(found[1]) if found else ""


def active_vaults() -> int:
    return len(db.session.scalars(db.select(Vault)).all())


@pytest.mark.slow
def test_one_folder_is_one_vault_however_it_is_written(
    subscription: Subscription,
    others: Subscription,
    vaults_dir: Path,
    house: House,
    browser: Browser,
    repository: Path,
) -> None:
    place = a_copy(repository, vaults_dir / "mixed")
    (vaults_dir / "alias").symlink_to(place)
    client = browser(house.technician)
    assert attach(client, subscription, place).status_code == 303
    for again in (place, f"{vaults_dir}/./mixed/", f"{vaults_dir}/empty/../mixed", vaults_dir / "alias"):
        for whose in (subscription, others):
            answer = attach(client, whose, again)
            assert answer.status_code == 422, again
            assert "déjà" in answer.text
            assert "Boulangerie" not in refusal(answer) and "Martin" not in refusal(answer)
    assert active_vaults() == 1


@pytest.mark.slow
def test_a_copy_that_came_without_its_empty_folders_is_attached_and_measured(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser, repository: Path
) -> None:
    place = a_copy(repository, vaults_dir / "by-files")
    (place / "locks").rmdir()
    assert attach(browser(house.technician), subscription, place).status_code == 303
    work()
    assert (db.session.scalars(db.select(Vault)).one().bytes_stored or 0) > 0


@pytest.mark.slow
def test_the_same_repository_under_another_name_is_known_by_what_it_is(
    subscription: Subscription,
    others: Subscription,
    vaults_dir: Path,
    house: House,
    browser: Browser,
    repository: Path,
) -> None:
    """A mount, an alias of a server or a copy: the file that identifies a repository is the same."""
    client = browser(house.technician)
    assert attach(client, subscription, a_copy(repository, vaults_dir / "one")).status_code == 303
    assert attach(client, others, a_copy(repository, vaults_dir / "two")).status_code == 422
    assert active_vaults() == 1


@pytest.mark.slow
def test_a_second_attachment_is_told_to_the_operator(
    subscription: Subscription,
    others: Subscription,
    vaults_dir: Path,
    house: House,
    browser: Browser,
    repository: Path,
) -> None:
    place = a_copy(repository, vaults_dir / "mixed")
    client = browser(house.technician)
    attach(client, subscription, place)
    attach(client, others, place)
    vault = db.session.scalars(db.select(Vault)).one()
    entry = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "attach_again")).one()
    assert (entry.subject_uid, entry.by_label) == (vault.uid, house.technician.label)
    assert "Étude" not in str(entry.details), "the customer of the vault reads this"
    mail = db.session.scalars(db.select(Mail).where(Mail.recipient == house.operator.email)).one()
    assert vault.uid in mail.body and others.uid in mail.body
    assert "deuxième fois" in browser(house.owner).get(f"/vaults/{vault.uid}").text


@pytest.mark.slow
def test_after_the_erasure_the_place_is_free_again(
    subscription: Subscription,
    others: Subscription,
    vaults_dir: Path,
    house: House,
    browser: Browser,
    repository: Path,
) -> None:
    place = a_copy(repository, vaults_dir / "mixed")
    client = browser(house.technician)
    attach(client, subscription, place)
    db.session.scalars(db.select(Vault)).one().erase(by=house.operator)
    db.session.commit()
    assert attach(client, others, place).status_code == 303


def test_the_database_itself_takes_a_place_once(house: House) -> None:
    """Two people at the same moment: the second is stopped where no question was asked."""
    customer = a_customer(house.reseller, siren=None)
    register_vault(customer, name="A", location="rest:http://h/x/")
    db.session.commit()
    with pytest.raises(IntegrityError):
        register_vault(customer, name="B", location="rest:http://u:p@H:80/x")
        db.session.flush()
    db.session.rollback()


@pytest.mark.slow
def test_a_vault_from_before_is_found_too_and_filled_in_when_measured(
    subscription: Subscription,
    others: Subscription,
    vaults_dir: Path,
    house: House,
    browser: Browser,
    repository: Path,
) -> None:
    place = a_copy(repository, vaults_dir / "old")
    old = register_vault(subscription.customer, name="Ancien", location=str(place))
    old.place_index = None  # as the migration leaves it
    db.session.commit()
    assert attach(browser(house.technician), others, f"{vaults_dir}/./old").status_code == 422
    jobs.enqueue("vault.measure", f"{old.uid}:x", old.customer.organisation)
    db.session.commit()
    work()
    assert stored(old).place_index and old.identity_index


@pytest.mark.slow
def test_two_vaults_from_before_that_are_one_are_told_once(
    subscription: Subscription, others: Subscription, house: House, repository: Path
) -> None:
    first = register_vault(subscription.customer, name="A", location=str(repository))
    second = register_vault(others.customer, name="B", location=f"{repository}/.")
    first.place_index = second.place_index = None
    db.session.commit()
    for slot in ("1", "2"):
        for one in (first, second):
            jobs.enqueue("vault.measure", f"{one.uid}:{slot}", one.customer.organisation)
        db.session.commit()
        work()
    assert stored(first).snapshots == stored(second).snapshots == 2
    told = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "is_shared")).all()
    assert [entry.subject_uid for entry in told] in ([first.uid], [second.uid])
    assert db.session.scalars(db.select(Mail).where(Mail.recipient == house.operator.email)).one()


# A vault on a server


@pytest.mark.slow
def test_a_vault_on_a_server_is_looked_at_when_it_is_attached(
    subscription: Subscription,
    others: Subscription,
    house: House,
    browser: Browser,
    repository: Path,
    tmp_path: Path,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "VAULT_HOSTS", "http://127.0.0.1:*, http://localhost:*")
    (tmp_path / "nothing").mkdir()
    client = browser(house.technician)
    with rest_server(repository) as address, rest_server(tmp_path / "nothing") as empty:
        answer = attach(client, subscription, empty)
        assert answer.status_code == 422 and "Aucun dépôt" in refusal(answer)
        assert attach(client, subscription, address).status_code == 303
        port = address.rsplit(":", 1)[1].strip("/")
        for again in (
            f"rest:http://u:p@127.0.0.1:{port}",
            f"rest:http://localhost:{port}/",
            f"rest:http://127.1:{port}//",
        ):
            assert "déjà" in refusal(attach(client, others, again)), again
        work()
        assert db.session.scalars(db.select(Vault)).one().snapshots == 2
    answer = attach(client, subscription, "rest:http://127.0.0.1:1/")
    assert answer.status_code == 422 and "ne répond pas" in refusal(answer)
    with bad_server(200) as address:
        answer = attach(client, subscription, f"rest:{address}/x/")
        assert answer.status_code == 422 and "Aucun dépôt" in refusal(answer)
    assert active_vaults() == 1


@pytest.mark.slow
def test_a_vault_in_a_bucket_is_looked_at_too(
    subscription: Subscription,
    house: House,
    browser: Browser,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"VAULT_{name}", value)
    client = browser(house.technician)
    with s3_server() as bucket:
        answer = attach(client, subscription, bucket.repo("rien").location)
        assert answer.status_code == 422 and "Aucun dépôt" in refusal(answer)
        place = bucket.take(repository, "client").location
        assert attach(client, subscription, place).status_code == 303
        assert "déjà" in refusal(attach(client, subscription, f"{place}/"))


@pytest.mark.parametrize("kind", ["rest:http://{}/evil/", "s3:http://{}/b/p"])
def test_a_server_that_the_settings_do_not_name_is_never_asked(
    subscription: Subscription,
    house: House,
    browser: Browser,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setitem(app.config, "VAULT_HOSTS", "coffres.exemple.fr, http://127.0.0.1:1")
    with listener() as (address, was_called):
        answer = attach(browser(house.technician), subscription, kind.format(address))
        assert answer.status_code == 422 and "127.0.0.1" in refusal(answer)
        assert not was_called()
    assert active_vaults() == 0


@pytest.mark.parametrize("location", ["rest:file:///etc/passwd", "rest:ftp://h/", "s3:nothing", "rest:h/x"])
def test_what_is_no_address_is_refused_beside_the_field(
    subscription: Subscription, house: House, browser: Browser, location: str
) -> None:
    answer = attach(browser(house.technician), subscription, location)
    assert answer.status_code == 422 and "rest: ou s3:" in refusal(answer)


def test_a_contract_that_is_over_takes_no_vault_any_more(
    house: House, browser: Browser, vaults_dir: Path
) -> None:
    over = a_subscription(a_customer(house.reseller, name="Parti", siren=None), ends_on=clock.today())
    repo = repositories.a_repository(vaults_dir / "sien")
    address, form = f"/subscriptions/{over.uid}/vaults", {"name": "Serveur", "location": repo.location}
    refused = browser(house.operator).post(address, data=form)
    assert refused.status_code == 422 and "contrat est fini" in html.unescape(refused.text)
    assert db.session.scalars(db.select(Vault)).all() == []
