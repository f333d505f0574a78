"""Fixtures of the vault tests, used by three folders."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.engine.models import Vault
from portal.subscriptions.models import Subscription
from tests import vaulting
from tests.builders import House, a_customer


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vaulting.make_repository(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def agent(app: Flask) -> Iterator[None]:
    with vaulting.running_agent(Path(app.config["KEY_AGENT_SOCKET"])):
        yield


@pytest.fixture
def customer(house: House) -> Customer:
    return a_customer(house.reseller, accepted="dropcloud")


@pytest.fixture
def subscription(customer: Customer) -> Subscription:
    return vaulting.a_subscription(customer, ends_on=date(2026, 11, 20))


@pytest.fixture
def vault(customer: Customer, subscription: Subscription, repository: Path) -> Vault:
    return vaulting.a_vault(customer, repository, subscription)


@pytest.fixture
def own_vault(customer: Customer, subscription: Subscription, repository: Path, tmp_path: Path) -> Vault:
    """A vault that the test may destroy."""
    shutil.copytree(repository, tmp_path / "own")
    return vaulting.a_vault(customer, tmp_path / "own", subscription)
