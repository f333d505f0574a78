"""Parts of member states with other VAT: decided by postcode, from the order form to the invoice."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.billing.elsewhere import sales_elsewhere
from portal.billing.models import Invoice
from portal.billing.vat import OTHER_EU_STATES, needs_declaration
from portal.billing.vat_territories import territories, territory_at
from portal.customers.models import CustomerKind
from portal.db import db
from portal.resellers.models import LegalEntity
from tests.builders import House, a_customer
from tests.customers.test_views import ENTRY
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of

Browser = Callable[..., FlaskClient]
ON = date(2026, 11, 23)
OUTSIDE = {
    "Îles Canaries": ("ES", ["35001", "38400", "E-38001"], ["28001", "07001", "34999", "39001", "3500"]),
    "Ceuta": ("ES", ["51001", "51080"], ["50001", "5100"]),
    "Melilla": ("ES", ["52001", "52006"], ["53001"]),
    "Åland": ("FI", ["22100", "22950", "AX-22100"], ["21600", "23100"]),
    "Mont Athos": ("GR", ["63086", "630 87", "63086"], ["63085", "63088"]),
    "Büsingen": ("DE", ["78266", "D-78266"], ["78267", "78224"]),
    "Helgoland": ("DE", ["27498"], ["27499", "27472"]),
    "Livigno": ("IT", ["23041", "I-23041"], ["23032", "23030"]),
    "Campione d'Italia": ("IT", ["22061"], ["22060", "22100"]),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_000_32_a_territory_is_known_by_its_postcodes_and_by_no_other(name: str) -> None:
    country, inside, beside = OUTSIDE[name]
    for postcode in inside:
        found = territory_at(country, postcode, ON)
        assert found is not None and found.name == name, postcode
    for postcode in beside:
        assert territory_at(country, postcode, ON) is None, postcode
    others = (OTHER_EU_STATES | {"FR", "GB", "CH"}) - {country}
    elsewhere = {found.name for other in others if (found := territory_at(other, inside[0], ON))}
    assert name not in elsewhere, "another state has it, too"
    assert territory_at(country, inside[0], date(1990, 1, 1)) is None


def test_every_line_of_the_file_is_tried_and_lies_in_a_member_state() -> None:
    assert {each.name for each in territories()} == set(OUTSIDE)
    assert {each.country for each in territories()} <= OTHER_EU_STATES
    assert all(len(each.source) > 10 for each in territories())
    assert territory_at("EL", "63086", ON) is not None
    # By their countries: Channel Islands, Isle of Man, United Kingdom with Northern Ireland, Åland.
    assert all(needs_declaration(country) for country in ("GG", "JE", "IM", "GB", "AX", "FO", "GL", "GI"))


@pytest.mark.parametrize(
    ("postcode", "country", "declares", "vat", "mention"),
    [
        ("35001", "ES", True, 0, "TVA non applicable - art. 259-1 du CGI"),
        ("35001", "ES", False, 998, ""),
        ("28001", "ES", True, 998, ""),
        ("BT1 5GS", "GB", True, 0, "TVA non applicable - art. 259-1 du CGI"),
        ("22061", "IT", True, 0, "TVA non applicable - art. 259-1 du CGI"),
    ],
)
def test_000_32_a_business_of_a_territory_orders_as_one_outside_the_union(
    house: House, browser: Browser, postcode: str, country: str, declares: bool, vat: int, mention: str
) -> None:
    sales, product = browser(house.sales), a_product(house)
    where = {"country": country, "postcode": postcode, "siren": "", "vat_number": "", "terms": ""}
    assert sales.post("/customers/new", data={**ENTRY, **where}).status_code == 303
    customer = a_customer(house.reseller, country=country, postcode=postcode, siren=None, name="Autre")
    form = {"product": product.uid, "quantity": "1", "method": "wire"} | (
        {"outside_eu": "y"} if declares else {}
    )
    page = text_of(sales.get(f"/customers/{customer.uid}/orders/new", query_string=form).text)
    assert ("hors de l'Union" in page.replace("&#39;", "'")) == (postcode != "28001")
    placed = sales.post(f"/customers/{customer.uid}/orders", data=form).location
    shown = text_of(sales.get(placed).text).replace("&#39;", "'")
    assert ("hors de l'Union pour la TVA" in shown) == (postcode in ("35001", "22061"))
    paid = {"received_on": "2026-11-23", "amount": str((4990 + vat) / 100), "reference": "VIR"}
    assert browser(house.finance).post(f"{placed}/payment", data=paid).status_code == 303
    invoice = db.session.scalars(select(Invoice)).one()
    assert (invoice.vat_cents, invoice.lines[0].vat_mention) == (vat, mention)
    assert invoice.union_country == ("ES" if postcode == "28001" else None), "counts for no threshold"


def test_000_31_sales_made_elsewhere_count_for_the_threshold_of_their_year(
    house: House, browser: Browser, at: Callable[..., None]
) -> None:
    entity = db.session.scalars(select(LegalEntity)).one()
    german = a_customer(
        house.reseller, country="DE", postcode="10115", kind=CustomerKind.CONSUMER, siren=None
    )
    product, client = a_product(house), browser(house.finance)
    address, form = f"/billing/settings/{entity.uid}", {"year": "2026", "net_cents": "9950,10"}

    def vat_of_an_order() -> int:
        sales, asked = browser(house.sales), {"product": product.uid, "quantity": "1", "method": "wire"}
        page = text_of(sales.get(f"/customers/{german.uid}/orders/new", query_string=asked).text)
        return 998 if "TVA 20 %" in page and "9,98 €" in page else 948 if "9,48 €" in page else 0

    assert vat_of_an_order() == 998
    for wrong in (
        {"year": "2027"},
        {"year": "2020"},
        {"year": ""},
        {"net_cents": "beaucoup"},
        {"net_cents": ""},
    ):
        assert client.post(f"{address}/sales-elsewhere", data=form | wrong).status_code == 422, wrong
    assert browser(house.operator).post(f"{address}/sales-elsewhere", data=form).status_code == 403
    browser(house.finance, confirmed=False).post(f"{address}/sales-elsewhere", data=form)
    assert sales_elsewhere(entity) == [], "who has not confirmed that it is her is asked first"
    client = browser(house.finance)
    assert client.post(f"{address}/sales-elsewhere", data=form).status_code == 303
    assert vat_of_an_order() == 998, "9 950.10 and 49.90 are not above 10 000"
    assert client.post(f"{address}/sales-elsewhere", data=form | {"net_cents": "9950,11"}).status_code == 303
    assert vat_of_an_order() == 948, "one cent above, in place of what stood there"
    page = text_of(client.get(address).text)
    assert "2026 9 950,11 € HT" in page.replace("\u202f", " ") and "Ventes faites ailleurs saisies" in page
    at(clock.now().replace(year=2027, month=2))
    assert vat_of_an_order() == 998, "last year's total was below, this year begins anew"
    again = browser(house.finance).post(f"{address}/sales-elsewhere", data=form | {"net_cents": "10000,01"})
    assert again.status_code == 303 and vat_of_an_order() == 948, "last year's total counts for this one"
