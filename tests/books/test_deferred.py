"""What is invoiced for days after a month's end is deferred: on the page, in the journal, in the FEC."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, pending_charges
from portal.books.deferral import ahead_of
from portal.books.models import Deferral
from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import charge_next_period
from tests.books.read_fec import read
from tests.builders import House, an_outsider, work
from tests.changes.test_changes import bill, change
from tests.changes.test_lengths import by_month
from tests.contracts.builders import a_subscription, natso
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table
from tests.wholesale.test_month import agree, bulk, its_own_entity, sold
from tests.wholesale.test_month import bill as bill_month

At = Callable[[datetime], None]


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=11)


def the_entity() -> LegalEntity:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(LegalEntity).order_by(LegalEntity.id)).first()  # type: ignore


def invoice_period(subscription: Subscription, on: str) -> Invoice:
    charge_next_period(subscription)
    invoice = issue_invoice(
        subscription.customer,
        subscription.legal_entity,
        pending_charges(subscription.customer),
        method=Method.WIRE,
        issued_on=date.fromisoformat(on),
        due_on=date.fromisoformat(on),
        by=SYSTEM,
    )
    db.session.commit()
    return invoice


@pytest.fixture
def a_year(house: House, at: At) -> Invoice:
    """439,20 € with VAT, 366,00 € without, from 15 March 2027 to 14 March 2028: 366 days."""
    at(noon("2027-03-15"))
    product = a_product(house, unit_cents=43_920)
    day = date(2027, 3, 15)
    return invoice_period(a_subscription(house, product, started_on=day, billed_before=day), "2027-03-15")


def close(client: Any, *periods: str) -> None:
    for period in periods:
        answer = client.post("/billing/closings", data={"entity": the_entity().uid, "period": period})
        assert answer.status_code == 303, period


def months(first: int, last: int) -> list[str]:
    return [f"2027-{month:02d}" for month in range(first, last + 1)]


def test_the_closing_of_december_defers_what_the_year_has_not_earned_and_january_takes_it_back(
    house: House, browser: Any, at: At, a_year: Invoice
) -> None:
    at(noon("2028-01-03"))
    work()
    client, uid = browser(house.finance), the_entity().uid
    before = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2027").data, 2027)["accounts"]
    assert before["706000"] == -36_600 and "487000" not in before
    close(client, *months(3, 12))
    assert len(db.session.scalars(db.select(Deferral)).all()) == 1, "December books it"
    close(client, "2027")
    found = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2027").data, 2027)["accounts"]
    assert found["706000"] == -29_200 and found["487000"] == -7_400
    after = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2028").data, 2028)["accounts"]
    assert after == {"487000": 7_400, "706000": -7_400}
    rows = table(client.get(f"/billing/ledger/{uid}/journal.csv?month=2027-12&journal=OD").text)
    assert [(row[4], row[8], row[11], row[12]) for row in rows[1:]] == [
        ("706000", "PCA-2027-12-31", "74,00", "0,00"),
        ("487000", "PCA-2027-12-31", "0,00", "74,00"),
    ]
    page = text_of(client.get(f"/billing/deferred/{uid}?month=2027-12").text)
    assert "366,00 € 292,00 € 74,00 €" in page and "au crédit de 487000 Produits" in page
    assert "du 15/03/2027 au 14/03/2028" in page and "Passée le 3 janv. 2028" in page
    lines = table(client.get(f"/billing/deferred/{uid}/lines.csv?month=2027-12").text)
    assert lines[1][3:] == ["706000", "2027-03-15", "2028-03-14", "366,00", "292,00", "74,00"]
    assert f"/billing/deferred/{uid}?month=2027-12" in client.get("/billing/closings").text
    assert db.session.scalars(db.select(Deferral)).one().sums == [["sales", 29_200, 7_400]]
    for change_ in ("UPDATE deferral SET count = 9", "DELETE FROM deferral"):
        with pytest.raises(DatabaseError), db.session.begin_nested():
            db.session.execute(text(change_))


def test_a_months_end_is_booked_once_it_is_the_last_closed_one_and_only_once(
    house: House, browser: Any, at: At, a_year: Invoice
) -> None:
    at(noon("2027-05-02"))
    work()
    client, uid = browser(house.finance), the_entity().uid
    press = f"/billing/deferred/{uid}/entry?month="
    assert client.post(f"{press}2027-03").status_code == 422, "March is open"
    close(client, "2027-03")
    assert "Passer l'écriture" in text_of(client.get(f"/billing/deferred/{uid}").text)
    assert client.post(f"{press}2027-03").status_code == 303
    assert client.post(f"{press}2027-03").status_code == 422
    close(client, "2027-04")
    assert client.post(f"{press}2027-05").status_code == 422
    assert client.post(f"{press}2027-04").status_code == 303
    found = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2027").data, 2027)["accounts"]
    assert found["706000"] == -36_600 and found["487000"] == 0, "what was deferred has come back in May"
    page = text_of(client.get(f"/billing/ledger/{uid}?month=2027-04").text)
    assert "487000 Produits constatés d&#39;avance Opérations diverses 349,00 € 319,00 €" in page
    timeline = client.get(f"/billing/ledger/{uid}/accounts").text
    assert "Produits constatés d&#39;avance passés en écriture" in timeline
    for person in (house.owner, house.operator, an_outsider(house)):
        for address in ("", "/lines.csv"):
            assert browser(person).get(f"/billing/deferred/{uid}{address}").status_code in (403, 404)
        assert browser(person).post(f"{press}2027-04").status_code in (403, 404)


def test_a_credit_note_takes_from_what_is_deferred_from_its_own_day_on(
    house: House, browser: Any, at: At, a_year: Invoice
) -> None:
    at(noon("2028-01-01"))
    part = rest_of(a_year)[0]._replace(net_cents=7_400, vat_cents=1_480)
    issue_credit_note(a_year, [part], origin="end", reason=CreditReason.PROVIDER_END, by=SYSTEM)
    db.session.commit()
    client, uid = browser(house.finance), the_entity().uid
    page = f"/billing/deferred/{uid}?month="
    assert "366,00 € 292,00 € 74,00 €" in text_of(client.get(f"{page}2027-12").text)
    assert "292,00 € 292,00 € 0,00 €" in text_of(client.get(f"{page}2028-01").text)


def test_another_length_and_what_it_replaces_are_earned_by_their_own_days(
    house: House, browser: Any, at: At
) -> None:
    """By hand: 170,64 € is a year of 179,64 € from 8 December less 15 days of 30 of a month of 18,00 €."""
    subscription, annual = by_month(house)
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    invoice = bill("2026-12")
    (row,) = ahead_of(the_entity(), date(2026, 12, 31))
    assert row.net == invoice.net_cents == 14_220
    # Year: 149,70 € without VAT, 24 days of 365: 9,84 €. Month: 7,50 € back, all its 15 days are over.
    assert row.spread == (984 - 750, 14_970 - 984)
    assert sum(row.spread) == row.net
    at(noon("2027-01-02"))
    page = browser(house.finance).get(f"/billing/deferred/{the_entity().uid}?month=2026-12").text
    assert "139,86 €" in text_of(page)


def test_what_a_reseller_bought_in_bulk_is_deferred_by_the_days_of_her_customers(
    house: House, browser: Any, at: At
) -> None:
    provider = the_entity()
    its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "36,00")  # 30,00 € without VAT, one euro a day
    sold(house, "Boulangerie", product, 2, 2)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill_month(browser(house.finance), provider, "2026-11")
    (invoice,) = bulk()
    (row,) = ahead_of(provider, date(2026, 11, 30))
    assert row.number == invoice.number and row.starts_on == date(2026, 11, 23)
    assert row.spread == (1_600, 6_000 - 1_600), "eight days of two licences"
    page = browser(house.finance).get(f"/billing/deferred/{provider.uid}?month=2026-11").text
    assert "60,00 € 16,00 € 44,00 €" in text_of(page)


def test_the_lines_of_a_day_are_read_page_by_page(house: House, browser: Any, at: At) -> None:
    at(noon("2026-12-20"))
    first = natso(house, billed_before=date(2026, 12, 15), started_on=date(2026, 12, 15))
    for _more in range(26):
        charge_next_period(first)
    invoice = issue_invoice(
        first.customer,
        first.legal_entity,
        pending_charges(first.customer),
        method=Method.WIRE,
        issued_on=date(2026, 12, 20),
        due_on=date(2026, 12, 20),
        by=SYSTEM,
    )
    db.session.commit()
    client, address = browser(house.finance), f"/billing/deferred/{the_entity().uid}?month=2026-12"
    page = client.get(address).text
    assert "Périodes qui vont au-delà, 26" in page and "Afficher la suite" in page
    assert client.get(f"{address}&after=25").text.count(invoice.number) == 1
