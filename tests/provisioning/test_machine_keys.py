"""The machines of a vault enrol with a key, also where the offer sells none."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, jobs
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import Subscription
from tests.backups.reporting import a_body, post
from tests.builders import House, a_customer, stored
from tests.subscriptions.builders import a_flat_product, a_product
from tests.vaulting import a_subscription

Browser = Callable[..., FlaskClient]


def keys_of(row: Subscription) -> list[ActivationKey]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(ActivationKey).where(ActivationKey.source_uid == row.order_uid)))


def test_002_18_a_machine_of_a_vault_whose_offer_has_no_key_enrols_and_reports(
    house: House, browser: Browser
) -> None:
    a_flat_product(house)
    row = a_subscription(a_customer(house.reseller, accepted="dobaas"))
    assert not row.product.has_keys
    register_vault(row.customer, name="V", location="/nowhere", subscription_uid=row.uid)
    db.session.commit()
    for _twice in range(2):
        jobs.run_periodic()
        set_scope(EVERYTHING)
    (key,) = keys_of(row)
    assert key.customer_id == row.customer_id and key.valid_through >= clock.today()
    client, proof = browser(), {"key": key.code, "fingerprint": "m1"}
    assert client.post("/api/v1/activations", json={**proof, "hostname": "srv"}).status_code == 201
    token = client.post("/api/v1/machine-tokens", json=proof).json["token"]
    ended = clock.now() - timedelta(hours=1)
    assert post(client, token, a_body("one", ended)).status_code == 201
    assert key.code[-5:] in browser(house.operator).get(f"/keys/{stored(key).uid}").text


def test_one_that_sells_keys_keeps_its_own(house: House) -> None:
    a_product(house)
    row = a_subscription(a_customer(house.reseller))
    assert row.product.has_keys
    register_vault(row.customer, name="V", location="/nowhere", subscription_uid=row.uid)
    db.session.commit()
    jobs.run_periodic()
    assert keys_of(row) == []
