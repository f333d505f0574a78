"""Attaching a repository to a subscription: what is not one is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.db import db
from portal.engine.models import Vault
from portal.subscriptions.models import Subscription
from tests.builders import House, an_outsider
from tests.engine import builders as repositories
from tests.subscriptions.test_orders import an_order, pay

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


def test_others_cannot_attach(
    subscription: Subscription, vaults_dir: Path, house: House, browser: Browser
) -> None:
    assert attach(browser(house.support), subscription, vaults_dir / "x").status_code == 403
    assert attach(browser(an_outsider(house)), subscription, vaults_dir / "x").status_code == 403
