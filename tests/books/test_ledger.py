"""What the portal books becomes entries that balance, and another program reads them so."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.billing.credit_models import CreditReason, Refund, RefundState
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.debits import pay_by_wire
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, PaymentKind
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from tests.books.builders import an_invoice
from tests.books.read_fec import read
from tests.builders import House, an_outsider
from tests.test_csv_file import table

At = Callable[[datetime], None]


def the_entity() -> LegalEntity:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(LegalEntity)).one()


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 11, tzinfo=UTC)


@pytest.fixture
def months(house: House, at: At) -> list[Invoice]:
    """Paid, then given back in part; paid but for a cent; paid, then returned; one of last year."""
    at(datetime(2025, 12, 30, 11, tzinfo=UTC))
    an_invoice(house, "Année d'avant")
    at(noon(10, 5))
    first = an_invoice(house, "Octobre")
    pay_by_wire(first, date(2026, 10, 5), "VIR 1", by=SYSTEM)
    at(noon(11, 10))
    second = an_invoice(house, "Novembre\tune", cents=24_000)
    pay_by_wire(second, date(2026, 11, 10), "VIR 2", by=SYSTEM, amount_cents=23_999)
    part = rest_of(first)[0]._replace(net_cents=1_000, vat_cents=200)
    issue_credit_note(first, [part], origin="x", reason=CreditReason.GOODWILL, by=SYSTEM)
    refund = db.session.scalars(db.select(Refund)).one()
    refund.state, refund.refunded_on = RefundState.REFUNDED, date(2026, 11, 12)
    third = an_invoice(house, "Revenu", cents=6_000)
    note_payment(third, received_on=date(2026, 11, 10), reference="D+", by=SYSTEM)
    at(noon(11, 20))
    note_payment(
        third,
        received_on=date(2026, 11, 20),
        reference="D-",
        by=SYSTEM,
        amount_cents=-6_000,
        kind=PaymentKind.RETURNED,
    )
    db.session.commit()
    return [first, second, third]


def test_the_file_of_a_year_is_read_by_another_program_and_equals_the_invoices(
    house: House, months: list[Invoice], at: At, browser: Any, app: Flask, tmp_path: Path
) -> None:
    at(noon(12, 31))
    client = browser(house.finance)
    answer = client.get(f"/billing/ledger/{the_entity().uid}/fec.txt?year=2026")
    assert "451600977FEC20261231.txt" in answer.headers["Content-Disposition"]
    found = read(answer.data, 2026)
    assert found["papers"] == {each.number: each.gross_cents for each in months} | {"AV-2026-000001": -1_200}
    assert found["accounts"] == {
        "411000": 6_000,
        "706000": -(10_000 + 20_000 + 5_000 - 1_000),
        "445710": -(2_000 + 4_000 + 1_000 - 200),
        "512000": 12_000 + 23_999 - 1_200,
        "658000": 1,
    }
    told = app.test_cli_runner().invoke(
        args=["billing", "fec", "--entity", the_entity().ics, "--year", "2026", "--to", str(tmp_path)]
    )
    assert told.exit_code == 0 and f"{found['lines']} lignes" in told.output
    assert (tmp_path / "451600977FEC20261231.txt").read_bytes() == answer.data
    assert list(tmp_path.iterdir()) == [tmp_path / "451600977FEC20261231.txt"]
    with pytest.raises(ValueError, match="not balanced"):
        read(answer.data.replace(b"\t100,00\t", b"\t100,01\t", 1), 2026)


def test_journals_of_a_month_and_the_aged_balance_are_pages_with_tables(
    house: House, months: list[Invoice], at: At, browser: Any
) -> None:
    at(noon(12, 31))
    client, uid = browser(house.finance), the_entity().uid
    page = client.get(f"/billing/ledger/{uid}?month=2026-11").text
    assert "706000 Ventes en France" in page and "512000 Banque" in page
    assert f"/billing/ledger/{uid}" in client.get("/billing/books").text
    rows = table(client.get(f"/billing/ledger/{uid}/journal.csv?month=2026-11&journal=BQ").text)
    assert {row[0] for row in rows[1:]} == {"BQ"} and len(rows) == 1 + 2 * 4
    aged = table(client.get(f"/billing/ledger/{uid}/aged.csv").text)
    assert [row[0] for row in aged[1:]] == ["Année d'avant", "Revenu"]
    assert aged[1][-1] == "120,00" and aged[2][3] == "60,00"
    for wrong in ("2026-13", "x"):
        assert client.get(f"/billing/ledger/{uid}?month={wrong}").status_code == 404
    for person in (house.owner, house.operator, an_outsider(house)):
        for address in ("", "/fec.txt", "/accounts", "/aged.csv", "/journal.csv"):
            assert browser(person).get(f"/billing/ledger/{uid}{address}").status_code in (403, 404)


def test_an_account_changes_from_a_day_on_and_earlier_entries_keep_theirs(
    house: House, months: list[Invoice], at: At, browser: Any
) -> None:
    at(noon(12, 31))
    client, uid = browser(house.finance), the_entity().uid
    typed = {"use": "sales", "number": "706500", "label": "Sauvegarde", "since": "2026-11-01"}
    address = f"/billing/ledger/{uid}/accounts"
    for wrong in ({"number": "70A"}, {"number": "411000"}, {"since": ""}, {"label": ""}, {"use": "x"}):
        assert client.post(address, data=typed | wrong).status_code == 422
    assert client.post(address, data=typed).status_code == 303
    assert "706500" in client.get(address).text
    found = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2026").data, 2026)["accounts"]
    assert found["706000"] == -10_000 and found["706500"] == -24_000
    for person in (house.owner, house.operator, an_outsider(house)):
        assert browser(person).post(address, data=typed).status_code in (403, 404)
