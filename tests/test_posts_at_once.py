"""The same post eight times at the same moment: done once, and each is answered with a page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User, open_sign_in
from portal.billing.models import BillingRun, Payment
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.journal import JournalEntry
from portal.licensing.models import ActivationKey
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Order
from tests.builders import a_customer, a_house
from tests.conftest import Client
from tests.customers.test_views import ENTRY
from tests.installation import Installation, Installs
from tests.subscriptions.test_orders import a_product, an_order, pay

pytestmark = pytest.mark.slow
EIGHT = 8


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    with an_installation(tmp_path) as place:
        place.app.test_client_class = Client
        yield place


def together(place: Installation, user: User, path: str, data: dict[str, str]) -> list[int]:
    """The statuses of eight posts of one person, each on a connection of its own."""
    _row, token = open_sign_in(user, address="127.0.0.1", browser="test")
    db.session.commit()
    ready = Barrier(EIGHT)

    def post(_n: int) -> int:
        client = place.app.test_client()
        client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
        ready.wait()
        with place.app.app_context():
            return client.post(path, data=data).status_code

    with ThreadPoolExecutor(EIGHT) as threads:
        return sorted(threads.map(post, range(EIGHT)))


def count(kind: type) -> int:
    db.session.rollback()
    set_scope(EVERYTHING)
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def answered(statuses: list[int]) -> None:
    assert 303 in statuses and set(statuses) <= {303, 409, 422}, statuses


def test_an_order_is_paid_once(place: Installation) -> None:
    with place.context():
        house = a_house()
        order = an_order(house)
        path = f"/orders/{order.uid}/payment"
        wire = {
            "received_on": "2026-11-20",
            "amount": f"{order.proforma.gross_cents / 100:.2f}",
            "reference": "VIR1",
        }
        answered(together(place, house.finance, path, wire))
        assert [count(kind) for kind in (ActivationKey, Payment)] == [1, 1]


def test_a_customer_is_entered_once(place: Installation) -> None:
    with place.context():
        house = a_house()
        before = count(Customer)
        answered(together(place, house.owner, "/customers/new", {**ENTRY, "entry": ""}))
        assert count(Customer) == before + 1


def test_an_order_is_placed_once(place: Installation) -> None:
    with place.context():
        house = a_house()
        customer, product = a_customer(house.reseller), a_product(house)
        form = {"product": product.uid, "quantity": "2", "method": "wire", "once": new_uid()}
        statuses = together(place, house.sales, f"/customers/{customer.uid}/orders", form)
        answered(statuses)
        assert count(Order) == 1


def test_an_order_is_cancelled_once(place: Installation) -> None:
    with place.context():
        house = a_house()
        order = an_order(house)
        answered(together(place, house.sales, f"/orders/{order.uid}/cancellation", {}))
        assert [entry for entry in said(order.uid) if entry == "cancel"] == ["cancel"]


def test_a_month_is_billed_once(place: Installation) -> None:
    with place.context():
        house = a_house()
        pay(an_order(house))
        entity = db.session.scalars(select(LegalEntity)).one().uid
        answered(together(place, house.finance, "/billing/runs", {"month": "2026-11", "entity": entity}))
        assert count(BillingRun) == 1


def said(of: str) -> list[str]:
    db.session.rollback()
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(JournalEntry.what).where(JournalEntry.subject_uid == of)))
