"""Orders, lots and pools of the house's own reseller."""

from io import BytesIO

from flask.testing import FlaskClient

from portal import clock
from portal.catalogue.models import Method, Product
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.lots import KeyLot
from portal.licensing.models import ActivationKey
from portal.licensing.pools import KeyPool
from portal.subscriptions.key_lots import stock_up
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, work


def an_order(house: House, product: Product, quantity: int = 5, **values: object) -> Order:
    order = place_order(a_customer(house.reseller, **values), product, quantity, Method.WIRE, by=SYSTEM)
    db.session.commit()
    return order


def paid(order: Order) -> Subscription:
    """The order is paid today; its contract runs."""
    today, cents = clock.today(), order.gross_cents
    record_wire(order, received_on=today, amount_cents=cents, reference=f"VIR {order.uid}", by=SYSTEM)
    db.session.commit()
    return db.session.scalars(db.select(Subscription).where(Subscription.order_uid == order.uid)).one()


def a_stock(house: House, product: Product, number: int = 3, seats: int = 1) -> KeyLot:
    lot = stock_up(house.reseller, product, number, seats, by=house.owner)
    db.session.commit()
    work()
    return lot


def a_pool(house: House, product: Product, client: FlaskClient | None = None, *keys: str) -> KeyPool:
    pool = KeyPool(organisation=house.provider, product_id=product.id, least=0)
    db.session.add(pool)
    db.session.commit()
    if client is not None and keys:
        assert fill(client, pool, "\n".join(["Clé", *keys])).status_code == 303
    return pool


def fill(client: FlaskClient, pool: KeyPool, text: str) -> object:
    return client.post(f"/key-pools/{pool.uid}/keys", data={"file": (BytesIO(text.encode()), "cles.csv")})


def keys_of(order: Order) -> list[ActivationKey]:
    query = db.select(ActivationKey).where(ActivationKey.source_uid == order.uid)
    return list(db.session.scalars(query.order_by(ActivationKey.id)))
