"""kill -9 while a reseller's purchases are added up: one invoice, whole, and each period bought once."""

import random
import time
from pathlib import Path

import pytest

from portal.billing.models import Charge
from portal.billing.run import start_run
from portal.catalogue.price_lists import set_wholesale
from portal.clock import today
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.wholesale.models import WholesaleLine, annex_of
from tests.billing.test_run_killed import _has_begun, _wait_until_done
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.subscriptions.builders import a_monthly_product
from tests.vaulting import wait_for
from tests.wholesale.test_month import bulk, its_own_entity, sold

CUSTOMERS, KILLS = 8, 2


def _begun(place: Installation) -> int:
    with place.context():
        house = a_house()
        provider = db.session.scalars(db.select(LegalEntity)).one()
        its_own_entity(house)
        product = a_monthly_product(house)
        set_wholesale(house.reseller, product, unit_cents=600, effective_on=today(), by=SYSTEM)
        for number in range(CUSTOMERS):
            sold(house, f"Client {number}", product, 1, None)
        a_customer(house.other, siren=None)
        start_run(provider, f"{today():%Y-%m}", by=SYSTEM)
        db.session.commit()
        return provider.id


@pytest.mark.slow
def test_a_killed_run_buys_each_period_once(an_installation: Installs, tmp_path: Path) -> None:
    chance = random.Random(7)
    with an_installation(tmp_path) as place:
        provider_id = _begun(place)
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.2))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            _wait_until_done(place)
        finally:
            kill(worker)
        with place.context():
            (invoice,) = bulk()
            lines = annex_of(invoice)
            assert (invoice.legal_entity_id, len(lines)) == (provider_id, CUSTOMERS)
            assert sum(line.net_cents for line in lines) == invoice.net_cents == CUSTOMERS * 500
            assert db.session.scalar(db.select(db.func.count(WholesaleLine.id))) == CUSTOMERS
            bought = db.select(db.func.count(Charge.id)).where(Charge.origin.startswith("wholesale:"))
            assert db.session.scalar(bought) == 1
