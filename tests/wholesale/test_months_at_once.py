"""The provider and a reseller bill the same month at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from portal import jobs
from portal.accounts.models import User, open_sign_in
from portal.billing.models import Invoice
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from tests.builders import a_house
from tests.conftest import Client
from tests.installation import Installation, Installs
from tests.subscriptions.builders import a_monthly_product
from tests.wholesale.test_own_month import a_payer, its_issuer, the_providers

pytestmark = pytest.mark.slow
EACH = 2  # customers of each house


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    with an_installation(tmp_path) as place:
        place.app.test_client_class = Client
        yield place


def start(place: Installation, user: User, entity: LegalEntity) -> int:
    _row, token = open_sign_in(user, address="127.0.0.1", browser="test")
    data = {"entity": entity.uid, "month": "2026-11"}
    db.session.commit()
    client = place.app.test_client()
    client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
    with place.app.app_context():
        return client.post("/billing/runs", data=data).status_code


def test_two_houses_that_bill_at_once_each_number_without_a_gap(place: Installation) -> None:
    with place.context():
        house = a_house()
        product, entities = a_monthly_product(house), (the_providers(), its_issuer(house.reseller))
        for number in range(2 * EACH):
            a_payer(house.reseller, product, entities[number % 2], f"Client {number}", number + 2)
        assert [start(place, house.finance, entities[0]), start(place, house.owner, entities[1])] == [
            303,
            303,
        ]
        ready = Barrier(2)

        def drain(_n: int) -> int:
            ready.wait()
            with place.context():
                return jobs.drain()

        with ThreadPoolExecutor(2) as workers:
            assert sum(workers.map(drain, range(2))) >= 2
        db.session.rollback()
        set_scope(EVERYTHING)
        for entity in entities:
            query = db.select(Invoice.number).where(Invoice.legal_entity_id == entity.id)
            numbers = sorted(db.session.scalars(query))
            assert numbers == [f"FA-2026-{n:06d}" for n in range(1, EACH + 1)], entity.name
