"""Stores as an operator describes them, real REST servers that read their files, and orders with storage."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

from flask import current_app
from flask.testing import FlaskClient

from portal.catalogue.models import Method, Product
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.provisioning.models import VaultHome, VaultStore
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.backups.reporting import a_key
from tests.builders import House, a_customer
from tests.engine.servers import _wait_for_port
from tests.guarded_bucket import Guarded
from tests.subscriptions.builders import a_flat_product

STORE: dict[str, Any] = {
    "name": "Coffres de Lyon",
    "kind": "store_rest",
    "door": "http://127.0.0.1:8000",
    "maintenance_door": "http://127.0.0.1:8001",
    "operator": "Hébergeur du Rhône",
    "place": "Lyon",
    "state": "FR",
    "immutable_days": "",
    "is_open": "y",
}


def describe(client: FlaskClient, place: Path, /, **values: Any) -> Any:
    return client.post("/stores", data={**STORE, "inner": str(place), **values})


def below_vaults(name: str = "lyon") -> Path:
    return Path(current_app.config["VAULTS_DIR"]).resolve() / name


def a_store(client: FlaskClient, **values: Any) -> VaultStore:
    inner = below_vaults()
    inner.mkdir(parents=True, exist_ok=True)
    answer = describe(client, inner, **values)
    assert answer.status_code == 303, answer.text
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(VaultStore).order_by(VaultStore.id.desc())).first()


def deliver(house: House, *, included_gb: int = 100, **values: Any) -> Subscription:
    """A delivered order of a flat product with storage and one key, of Do'BaaS unless it is told."""
    product = db.session.scalars(db.select(Product)).first()
    product = product or a_flat_product(house, included_gb=included_gb, **values)
    customer = a_customer(house.reseller, accepted=product.terms_stack, siren=None)
    order = place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM)
    subscription = order.deliver(by=SYSTEM)
    a_key(customer, source_uid=order.uid)
    db.session.commit()
    return subscription


def home_of(subscription: Subscription) -> VaultHome:
    set_scope(EVERYTHING)
    query = db.select(VaultHome).where(VaultHome.subscription_id == subscription.id)
    return db.session.scalars(query).one()


def in_buckets(client: FlaskClient, place: Guarded, **values: Any) -> VaultStore:
    """A store where each vault has a bucket of its own, and a user that the portal makes."""
    told = {"kind": "store_s3", "door": place.endpoint, "users_door": place.endpoint, "maintenance_door": ""}
    return a_store(client, **{"name": "Seaux de Lyon", **told, **values})


@contextmanager
def rest_server(port: int, folder: Path, htpasswd: Path, *options: str) -> Iterator[None]:
    """As the page of the store says how to start it, without TLS."""
    command = ["rclone", "serve", "restic", "--private-repos", "--htpasswd", str(htpasswd), *options]
    command += ["--addr", f"127.0.0.1:{port}", "--config", "/dev/null", str(folder)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield
    finally:
        server.kill()
        server.wait()


def block(page: str, name: str) -> str:
    """The commands that stand on a page under this id."""
    found = re.search(rf'<pre class="commands" tabindex="0" id="{name}">(.*?)</pre>', page, re.S)
    assert found is not None, name
    return unescape(found[1])
