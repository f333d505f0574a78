"""What is billed once it was consumed (NumSpot): nothing is owed for days after the end."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.billing.models import Charge
from portal.billing.run import bill_customers
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from tests.builders import House, stored
from tests.contracts.builders import numspot
from tests.endings.days import begin, live

At = Callable[[datetime], None]
BEGINS = date(2026, 12, 2)


def bill(row: Subscription, until: date) -> None:
    set_scope(EVERYTHING)
    bill_customers([stored(row).customer], db.session.scalars(select(LegalEntity)).one(), until)
    db.session.commit()


def charged(row: Subscription) -> list[tuple[str, int]]:
    set_scope(EVERYTHING)
    found = db.session.scalars(select(Charge).where(Charge.origin.startswith(f"subscription:{row.uid}")))
    return [(each.label.rpartition(", ")[2], each.quantity * each.unit_cents) for each in found]


@pytest.mark.parametrize(
    ("stops_on", "said", "days"),
    [
        (date(2027, 1, 17), "du 02/01/2027 au 16/01/2027", 15),
        (date(2027, 2, 2), "du 02/01/2027 au 01/02/2027", 31),
    ],
)
def test_003_45_003_06_of_a_service_that_is_withdrawn_only_the_consumed_days_are_billed(
    house: House, browser: Callable, at: At, stops_on: date, said: str, days: int
) -> None:
    row = numspot(house, started_on=BEGINS, billed_before=BEGINS)
    row.gb_month_cents = 10  # on demand
    db.session.commit()
    price = row.quantity * row.unit_cents
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    begin(browser(house.operator), row, "service_withdrawn", stops_on=stops_on.isoformat())
    bill(row, date(2027, 1, 4))
    live(at, stops_on)
    bill(row, stops_on)
    assert charged(row) == [("du 02/12/2026 au 01/01/2027", price), (said, price * days // 31)]
    live(at, date(2027, 3, 2))
    bill(row, date(2027, 3, 2))
    assert len(charged(row)) == 2
