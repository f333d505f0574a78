"""The VAT of a sale, from the order to the paid invoice: by country, kind, number and declaration."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.models import Invoice
from portal.billing.run import bill_customers
from portal.billing.vat_rates import enter_vat_rate
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer, CustomerKind
from portal.customers.vat_checks import CheckState, VatCheck
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, stored, work
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_order_form import text_of
from tests.subscriptions.test_orders import text_of as pdf_text
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
K = CustomerKind
NET = 14_970  # three licences at 59.88 with French VAT: 49.90 without
POSTCODES = {"BE": "1000", "CH": "1200", "DE": "10115"}


def buyer(
    house: House, country: str, kind: CustomerKind, number: str = "", checked: bool = False
) -> Customer:
    customer = a_customer(
        house.reseller,
        country=country,
        kind=kind,
        siren=None,
        vat_number=number or None,
        postcode=POSTCODES.get(country, "97400"),
    )
    if checked:
        check = VatCheck(organisation=customer.organisation, customer_id=customer.id, number=number)
        check.state = CheckState.VALID
        db.session.add(check)
        db.session.commit()
    return customer


CASES: dict[str, tuple[tuple[Any, ...], bool, int, str, str]] = {
    "French business": (("FR", K.BUSINESS), False, 2994, "S", ""),
    "French consumer": (("FR", K.CONSUMER), False, 2994, "S", ""),
    "French association": (("FR", K.NON_PROFESSIONAL), False, 2994, "S", ""),
    "commune": (("FR", K.PUBLIC_BODY), False, 2994, "S", ""),
    "Monaco": (("MC", K.BUSINESS), False, 2994, "S", ""),
    "Réunion": (("RE", K.BUSINESS), False, 1272, "S", ""),
    "Guadeloupe": (("GP", K.CONSUMER), False, 1272, "S", ""),
    "Martinique": (("MQ", K.PUBLIC_BODY), False, 1272, "S", ""),
    "Mayotte": (("YT", K.BUSINESS), False, 0, "O", "TVA non applicable - art. 294-1 du CGI"),
    "Guyane": (("GF", K.CONSUMER), False, 0, "O", "TVA non applicable - art. 294-1 du CGI"),
    "Belgian business": (("BE", K.BUSINESS, "BE0403019261", True), False, 0, "AE", "Autoliquidation"),
    "Belgian association": (
        ("BE", K.NON_PROFESSIONAL, "BE0403019261", True),
        False,
        0,
        "AE",
        "Autoliquidation",
    ),
    "Belgian business, number not checked": (("BE", K.BUSINESS, "BE0403019261"), False, 2994, "S", ""),
    "Belgian consumer": (("BE", K.CONSUMER), False, 2994, "S", ""),
    "Swiss business": (("CH", K.BUSINESS), True, 0, "O", "TVA non applicable - art. 259-1 du CGI"),
    "Swiss consumer": (("CH", K.CONSUMER), True, 0, "O", "TVA non applicable - art. 259 D du CGI"),
    "Swiss business that declares nothing": (("CH", K.BUSINESS), False, 2994, "S", ""),
}


@pytest.mark.words  # the same rows on both
@pytest.mark.parametrize("name", CASES)
def test_000_31_000_32_000_33_the_vat_of_an_order_is_that_of_its_paid_invoice(
    house: House, browser: Browser, at: At, name: str
) -> None:
    who, declares, vat, category, mention = CASES[name]
    customer, product = buyer(house, *who), a_product(house)
    form = {"product": product.uid, "quantity": "3", "method": "wire"}
    if declares:
        form["outside_eu"] = "y"
    sales = browser(house.sales)
    page = sales.get(f"/customers/{customer.uid}/orders/new", query_string=form).text
    assert ("hors de l'Union" in text_of(page)) == (who[0] == "CH")
    assert f"Total HT {eur(NET)}" in text_of(page) and f"Total TTC par an {eur(NET + vat)}" in text_of(page)
    placed = sales.post(f"/customers/{customer.uid}/orders", data=form)
    assert placed.status_code == 303
    order = db.session.scalars(db.select(Order)).one()
    assert order.proforma.gross_cents == order.gross_cents == NET + vat
    assert (stored(customer).outside_eu_declared_at == clock.now()) is declares
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    paid = browser(house.finance).post(
        f"{placed.location}/payment",
        data={"received_on": "2026-11-24", "amount": str((NET + vat) / 100), "reference": "VIR"},
    )
    assert paid.status_code == 303
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (NET, vat, NET + vat)
    (line,) = invoice.lines
    assert (line.vat_category, line.vat_mention) == (category, mention)
    assert line.quantity * 4_990 == line.net_cents
    work()
    paper = " ".join(pdf_text(content_of(stored(invoice).document)).split())
    assert mention in paper and "49,90 €" in paper and order.proforma.number in paper
    seen = text_of(browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text)
    assert mention in seen and eur(NET + vat) in seen


def eur(cents: int) -> str:
    return f"{cents / 100:.2f} €".replace(".", ",")


def sell(customer: Customer, product: Any, reference: str) -> Invoice:
    order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
    invoice = record_wire(
        order, received_on=clock.today(), amount_cents=order.gross_cents, reference=reference, by=SYSTEM
    )
    db.session.commit()
    return invoice


def test_000_31_above_ten_thousand_euros_a_consumer_bears_the_vat_of_his_state(
    house: House, at: At, browser: Browser
) -> None:
    """The sale that crosses is the first; the next year begins above, the one after it below (CGI 259 D)."""
    german, product = buyer(house, "DE", K.CONSUMER), a_product(house, unit_cents=600_000)
    first, second, third = (sell(german, product, f"V{n}") for n in range(3))
    assert [row.vat_cents for row in (first, second, third)] == [100_000, 100_000, 95_000]
    assert third.lines[0].vat_country == "DE"
    belgian = sell(buyer(house, "BE", K.CONSUMER), product, "V4")
    assert (belgian.vat_cents, belgian.lines[0].vat_country) == (105_000, "BE")
    business = sell(buyer(house, "BE", K.BUSINESS, "BE0403019261", True), product, "V5")
    assert business.vat_cents == 0
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    assert sell(german, product, "V6").vat_cents == 95_000
    at(datetime(2028, 1, 4, 9, tzinfo=UTC))
    assert sell(german, product, "V7").vat_cents == 100_000

    client, entity = browser(house.finance), db.session.scalars(db.select(LegalEntity)).one()
    asked = f"entity={entity.uid}&day=2026-11-01"
    assert table(client.get(f"/billing/vat/union-sales.csv?{asked}").text)[1:] == [
        ["BE", "21,00", "5000,00", "1050,00"],
        ["DE", "19,00", "5000,00", "950,00"],
    ]
    services = table(client.get(f"/billing/vat/services.csv?{asked}").text)[1:]
    assert services == [["BE0403019261", "Boulangerie Martin", "5000,00"]]
    page = text_of(client.get(f"/billing/vat?{asked}").text)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    for number, row in enumerate((third, business)):
        named = {"reason": CreditReason.ERROR, "by": SYSTEM}
        issue_credit_note(row, rest_of(row), origin=f"back:{number}", **named)
    db.session.commit()
    client = browser(house.finance)
    december = f"entity={entity.uid}&day=2026-12-01"
    assert table(client.get(f"/billing/vat/services.csv?{december}").text)[1:][0][2] == "-5000,00"
    german_line = table(client.get(f"/billing/vat/union-sales.csv?{december}").text)[2]
    assert german_line == ["DE", "19,00", "0,00", "0,00"], "taken back in the same quarter"
    named = {"reason": CreditReason.ERROR, "by": SYSTEM}
    for row in (first, belgian):
        issue_credit_note(row, rest_of(row), origin=f"back:{row.number}", **named)
    assert sell(german, product, "V8").vat_cents == 100_000, "what was taken back counts no more"
    assert "Belgique 21 % 5 000,00 € 1 050,00 €" in page.replace("\u202f", " ").replace("21,00 %", "21 %")


def test_an_issuer_may_choose_the_vat_of_the_consumers_state_from_a_day_on(
    house: House, at: At, browser: Browser
) -> None:
    entity = db.session.scalars(db.select(LegalEntity)).one()
    client, address = browser(house.finance), f"/billing/settings/{entity.uid}"
    past = client.post(
        address,
        data={
            "oss_since": "2026-11-01",
            "wire_tolerance_cents": "1",
            "key_grace_days": "14",
            "quote_days": "30",
            "interim_percent": "200",
        },
    )
    assert past.status_code == 422 and "Ce jour est passé" in past.text
    assert (
        client.post(
            address,
            data={
                "oss_since": "2026-12-01",
                "wire_tolerance_cents": "1",
                "key_grace_days": "14",
                "quote_days": "30",
                "interim_percent": "200",
            },
        ).status_code
        == 303
    )
    german, product = buyer(house, "DE", K.CONSUMER), a_product(house)
    assert sell(german, product, "V1").vat_cents == 998
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert sell(german, product, "V2").vat_cents == 948
    assert browser(house.operator).post(address, data={}).status_code == 403


def test_a_rate_that_changes_counts_from_its_day_and_one_that_is_missing_is_never_zero(
    house: House, at: At, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, product = browser(house.finance), a_product(house)
    new = {"country": "FR", "valid_from": "2027-01-01", "rate": "21", "source": "loi de finances pour 2027"}
    assert client.post("/billing/vat", data=new).status_code == 303
    for wrong, said in (
        ({"valid_from": "2026-11-23"}, "avant le jour"),
        ({}, "déjà un taux"),
        ({"valid_from": "2027-02-01", "rate": "-1"}, "entre 0 et 40"),
        ({"valid_from": "2027-02-01", "rate": "vingt"}, "Taux illisible"),
        ({"country": "CH", "valid_from": "2027-02-01"}, "Not a valid choice"),
    ):
        answer = client.post("/billing/vat", data=new | wrong)
        assert answer.status_code == 422 and (said in answer.text or "CH" in wrong.values()), said
    customer = buyer(house, "FR", K.BUSINESS)
    assert sell(customer, product, "V1").gross_cents == 5_988
    at(datetime(2027, 1, 1, 9, tzinfo=UTC))
    later = sell(customer, product, "V2")
    assert (later.net_cents, later.vat_cents) == (4_990, 1_048)
    monkeypatch.setattr("portal.billing.vat_rates.shipped_rates", lambda: ())
    sales = browser(house.sales)
    german = buyer(house, "DE", K.CONSUMER)
    entity = db.session.scalars(db.select(LegalEntity)).one()
    entity.oss_since = date(2027, 1, 1)
    db.session.commit()
    form = {"product": product.uid, "quantity": "1", "method": "wire"}
    refused = sales.post(f"/customers/{german.uid}/orders", data=form)
    assert refused.status_code == 422 and "Le taux de TVA du pays DE" in refused.text
    with pytest.raises(Refused):
        enter_vat_rate("XX", date(2027, 5, 1), 2000, "?", by=SYSTEM)


def test_the_subscriptions_page_says_what_its_next_invoice_bears(house: House, browser: Browser) -> None:
    """A number that the register has found since the order counts from the next period on."""
    customer = buyer(house, "BE", K.BUSINESS, "BE0403019261")
    first = sell(customer, a_product(house), "V1")
    assert first.vat_cents == 998
    subscription = db.session.scalars(db.select(Subscription)).one()
    client = browser(house.sales)
    assert "TVA 20 % 9,98 €" in text_of(client.get(f"/subscriptions/{subscription.uid}").text)
    check = VatCheck(organisation=customer.organisation, customer_id=customer.id, number="BE0403019261")
    check.state = CheckState.VALID
    db.session.add(check)
    db.session.commit()
    page = text_of(client.get(f"/subscriptions/{subscription.uid}").text)
    assert "TVA 0,00 € Autoliquidation 000-33" in page and "Total TTC 49,90 €" in page


def test_a_volume_on_demand_bears_the_vat_of_the_day_of_its_invoice(house: House) -> None:
    """What is metered, restored or owed at an end goes the same way as a period."""
    customer = buyer(house, "RE", K.BUSINESS)
    product = a_monthly_product(house, terms_stack="natso")
    sell(customer, product, "V1")
    subscription = db.session.scalars(db.select(Subscription)).one()
    subscription.owe(origin="usage:x", label="Volume", unit_cents=10_000, includes_vat=False)
    entity = db.session.scalars(db.select(LegalEntity)).one()
    (invoice,) = bill_customers([customer], entity, clock.today())
    assert (invoice.net_cents, invoice.vat_cents) == (10_000, 850)
    assert re.fullmatch("FA-2026-00000[0-9]", invoice.number)
