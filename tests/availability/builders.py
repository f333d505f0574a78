"""A NumSpot subscription of ten thousand euros a month, and steps that tests of its services share."""

import io
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient

from portal.availability.jobs import begin_the_day
from portal.billing.models import Invoice
from portal.billing.run import bill_customers
from portal.catalogue.models import Plan, Product
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from tests.builders import House, work
from tests.contracts.builders import a_subscription
from tests.subscriptions.builders import a_product

NOVEMBER = date(2026, 11, 1)


def noon(day: date, hour: int = 11) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def a_cloud(house: House, **values: Any) -> Subscription:
    """Since the first of November, which is owed and stands on no invoice yet."""
    product = db.session.scalars(db.select(Product).where(Product.code == "NS-M")).first() or a_product(
        house,
        code="NS-M",
        name="NumSpot",
        terms_stack="numspot",
        plan=Plan.MONTHLY,
        billing_months=1,
        has_keys=False,
        unit_cents=1_000_000,
        price_includes_vat=False,
    )
    values = {"started_on": NOVEMBER, "billed_before": date(2026, 12, 1), **values}
    row = a_subscription(house, product, **values)
    owe(row, NOVEMBER)
    return row


def owe(row: Subscription, first: date) -> None:
    row.owe(origin=f"subscription:{row.uid}:{first}", label="NumSpot", unit_cents=1_000_000)
    db.session.commit()


def bill(row: Subscription, until: date) -> Invoice:
    entity = db.session.scalars(db.select(LegalEntity)).one()
    invoices = bill_customers([row.customer], entity, until)
    db.session.commit()
    return invoices[0]


def the_day() -> None:
    """The duty of the day, and the worker after it."""
    set_scope(EVERYTHING)
    begin_the_day()
    db.session.commit()
    work()


def measures(client: FlaskClient, text: str, contract: str = "numspot") -> Any:
    data = {"contract": contract, "file": (io.BytesIO(text.encode()), "sonde.csv")}
    return client.post("/availability/measures", data=data)


# The figures of the printed example (A2): 97.9 % and 98.5 %, in a thousand minutes of one day.
EXAMPLE = "jour;service;up;mesure\n2026-11-10;object_storage;979;1000\n2026-11-10;load_balancer;985;1000\n"
