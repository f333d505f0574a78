"""Months and years are closed once, in their order; nothing is dated in them afterwards."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.billing.closings import Closing
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.debits import pay_by_wire
from portal.billing.issue import note_payment
from portal.billing.models import BillingRun, Invoice, Payment, RunState
from portal.blobs import content_of
from portal.books.closing import close_month
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from tests.books.builders import an_invoice
from tests.builders import House, stored, work
from tests.contracts.builders import a_subscription
from tests.subscriptions.builders import a_product
from tests.test_csv_file import table

At = Callable[[datetime], None]


def the_entity() -> LegalEntity:
    return db.session.scalars(db.select(LegalEntity)).one()


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=11)


@pytest.fixture
def two_months(house: House, at: At) -> list[Invoice]:
    """An invoice of October, paid; one of November, half of it taken back; the clock stands in December."""
    at(noon("2026-10-05"))
    first = an_invoice(house, "Octobre")
    pay_by_wire(first, date(2026, 10, 5), "VIR 1", by=SYSTEM)
    at(noon("2026-11-10"))
    second = an_invoice(house, "Novembre", cents=24_000)
    part = rest_of(second)[0]
    issue_credit_note(
        second,
        [part._replace(net_cents=10_000, vat_cents=2_000)],
        origin="test",
        reason=CreditReason.GOODWILL,
        by=SYSTEM,
    )
    db.session.commit()
    at(noon("2026-12-01"))
    work()
    set_scope(EVERYTHING)
    return [first, second]


def press(client: Any, period: str) -> Any:
    return client.post("/billing/closings", data={"entity": the_entity().uid, "period": period})


def closings() -> dict[str, Closing]:
    set_scope(EVERYTHING)
    return {row.period: row for row in db.session.scalars(db.select(Closing).order_by(Closing.id))}


def test_months_are_closed_in_their_order_and_sealed_with_their_figures(
    house: House, browser: Any, two_months: list[Invoice]
) -> None:
    client = browser(house.finance)
    page = client.get("/billing/closings").text
    assert "Clôturer 2026-10" in page and "Clôturer 2026-11" not in page
    assert press(client, "2026-11").status_code == 422
    assert press(client, "2026-10").status_code == 303
    assert press(client, "2026-10").status_code == 422
    assert press(client, "2026-11").status_code == 303
    refused = press(client, "2026-12")
    assert refused.status_code == 422 and "quand il est fini" in refused.text
    november = closings()["2026-11"]
    assert november.figures == [
        ["credit_note", "", 1, 10_000, 2_000, 12_000],
        ["invoice", "", 1, 20_000, 4_000, 24_000],
        ["vat", "S 2000", 0, 10_000, 2_000, 12_000],
    ]
    assert closings()["2026-10"].figures[1] == ["payment", "received", 1, 0, 0, 12_000]
    second = two_months[1]
    assert november.heads["FA-2026"] == [second.number, second.hash]
    work()
    answer = client.get(f"/billing/closings/{november.uid}/paper")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    assert b"/ByteRange" in answer.data and content_of(stored(november.document)) == answer.data
    rows = table(client.get(f"/billing/closings/{november.uid}/figures.csv").text)
    assert ["Factures émises", "1", "200,00", "40,00", "240,00"] in rows
    assert [second.number, second.hash] in [row[:2] for row in rows]


def test_nothing_is_dated_in_a_closed_month(house: House, browser: Any, two_months: list[Invoice]) -> None:
    close_month(the_entity(), "2026-10", by=house.finance)
    close_month(the_entity(), "2026-11", by=house.finance)
    db.session.commit()
    invoice = two_months[1]
    client, address = browser(house.finance), f"/billing/invoices/{invoice.uid}/payment"
    typed = {"reference": "VIR 2", "amount": "120,00"}
    refused = client.post(address, data=typed | {"on": "2026-11-20"})
    assert refused.status_code == 422 and "1 décembre 2026" in refused.text.replace("\xa0", " ")
    assert client.post(address, data=typed | {"on": "2026-12-01"}).status_code == 303
    set_scope(EVERYTHING)
    assert stored(invoice).state == "paid"


def test_what_the_banks_file_dates_in_a_closed_month_is_booked_on_the_first_open_day(
    house: House, two_months: list[Invoice]
) -> None:
    close_month(the_entity(), "2026-10", by=house.finance)
    invoice = two_months[1]
    with pytest.raises(Refused, match="clôturé"):
        note_payment(invoice, received_on=date(2026, 10, 31), reference="A", by=SYSTEM)
    note_payment(invoice, received_on=date(2026, 10, 31), reference="A", by=SYSTEM, of_the_bank=True)
    row = db.session.scalars(db.select(Payment).where(Payment.reference == "A")).one()
    assert (row.received_on, row.bank_on) == (date(2026, 11, 1), date(2026, 10, 31))


def test_it_waits_for_what_is_open_and_says_where(
    house: House, browser: Any, two_months: list[Invoice]
) -> None:
    entity, client = the_entity(), browser(house.finance)
    run = BillingRun(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        month="2026-10",
        part=1,
        state=RunState.RUNNING,
    )
    db.session.add(run)
    db.session.commit()
    assert "Facturation mensuelle" in press(client, "2026-10").text
    run.state = RunState.DONE
    subscription = a_subscription(house, a_product(house))
    gap = UsageGap(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=GapKind.SEATS,
        period_on=date(2026, 10, 1),
        contracted=1,
        used=2,
        state=GapState.OPEN,
        version=1,
    )
    db.session.add(gap)
    db.session.commit()
    refused = press(client, "2026-10")
    assert refused.status_code == 422 and "usage de ce mois n&#39;est pas décidé" in refused.text
    db.session.delete(gap)
    db.session.commit()
    assert press(client, "2026-10").status_code == 303


def test_a_year_is_closed_with_its_december_and_is_the_sum_of_its_months(
    house: House, browser: Any, at: At, two_months: list[Invoice]
) -> None:
    client = browser(house.finance)
    for month in ("2026-10", "2026-11"):
        press(client, month)
    assert press(client, "2026").status_code == 422
    at(noon("2027-01-04"))
    client = browser(house.finance)
    assert press(client, "2026-12").status_code == 303
    assert "Clôturer 2026<" in client.get("/billing/closings").text.replace(" <", "<")
    assert press(client, "2026").status_code == 303
    assert press(client, "2026").status_code == 422
    year = closings()["2026"]
    assert (year.first_day, year.last_day) == (date(2026, 10, 1), date(2026, 12, 31))
    assert ["invoice", "", 2, 30_000, 6_000, 36_000] in year.figures


def test_nobody_else_closes_and_the_database_keeps_what_was_closed(
    house: House, browser: Any, two_months: list[Invoice]
) -> None:
    for role in ("owner", "operator", "auditor"):
        assert press(browser(getattr(house, role)), "2026-10").status_code == 403
    close_month(the_entity(), "2026-10", by=house.finance)
    db.session.flush()
    for change in ("UPDATE closing SET figures = '[]'", "DELETE FROM closing"):
        with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
            db.session.execute(text(change))
