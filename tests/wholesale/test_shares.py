"""What ends in mid-period, or is credited: the reseller buys no more than its share."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.billing.models import Invoice
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from portal.wholesale.models import WholesaleLine
from tests.builders import House
from tests.contracts.builders import numspot
from tests.endings.days import begin, live
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_order_form import text_of
from tests.wholesale.test_month import agree, bill, bulk, its_own_entity, sold

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
BEGINS = date(2026, 12, 2)


def test_003_45_what_ends_in_its_period_on_demand_is_bought_for_its_days(
    house: House, browser: Browser, at: At
) -> None:
    """Fifteen days of thirty-one, of a price that was agreed for the whole month."""
    provider = db.session.scalars(db.select(LegalEntity)).one()
    its_own_entity(house)
    row = numspot(house, started_on=BEGINS, billed_before=BEGINS)
    row.gb_month_cents = 10  # on demand
    db.session.commit()
    agree(browser, house, row.product, "62,00")
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    begin(browser(house.operator), row, "service_withdrawn", stops_on="2027-01-17")
    bill(browser(house.finance), provider, "2027-01")
    live(at, date(2027, 1, 17))
    at(datetime(2027, 1, 31, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2027-01")
    set_scope(EVERYTHING)
    lines = db.session.scalars(db.select(WholesaleLine).order_by(WholesaleLine.id)).all()
    assert [line.net_cents for line in lines] == [5_167, 2_500], "62,00 € with VAT, and 30,00 € of it"
    last = bulk()[-1]
    page = text_of(browser(house.owner).get(f"/wholesale/{last.uid}").text)
    assert "du 02/01/2027 au 16/01/2027" in page and "25,00 €" in page


def test_a_credited_invoice_of_a_customer_is_said_on_the_annex_with_the_part_that_could_be_credited(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = db.session.scalars(db.select(LegalEntity)).one(), its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    hers, theirs = sold(house, "Boulangerie", product, 2, 2), sold(house, "Garage", product, 1, 3)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-11")
    bill(browser(house.finance), own, "2026-11")
    (invoice,) = bulk()
    page = text_of(browser(house.owner).get(f"/wholesale/{invoice.uid}").text)
    assert "Avoirs chez les clients" not in page
    retail = db.session.scalars(db.select(Invoice).where(Invoice.customer_id == hers.id)).one()
    part = {"how_much": "part", "lines": retail.lines[0].uid, "amount": "12,00"}
    data = {"reason": "goodwill", "note": "Une panne", **part}
    assert browser(house.finance).post(f"/billing/invoices/{retail.uid}/credit", data=data).status_code == 303
    set_scope(EVERYTHING)
    page = text_of(browser(house.owner).get(f"/wholesale/{invoice.uid}").text)
    said = page[page.index("Avoirs chez les clients") :]
    assert "Boulangerie" in said and retail.number in said and "10,00 €" in said
    assert "5,00 €" in said and theirs.name not in said, "half of 20,00 € is credited: half of 10,00 €"
