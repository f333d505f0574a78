"""A transfer pays an invoice: noted once, never beside a debit that the bank has."""

from datetime import date

import pytest

from portal.billing.models import InvoiceState, Payment
from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.models import CollectionState
from tests.builders import House, an_outsider, stored
from tests.sepa.test_returns import book, credited, exported, invoice_of

WIRE = {"on": "2026-11-23", "reference": "VIR 2026-11 A"}


def announced(house: House, before=lambda row: None):
    """An invoice whose debit is announced and in no file."""
    rows = []

    def keep(row) -> None:
        before(row)
        row.hold("essai", by=SYSTEM)
        rows.append(row)

    with pytest.raises(Exception, match="Aucun prélèvement"):
        exported(house, before=keep)
    db.session.commit()
    return rows[0]


def post(client, invoice, **changes: str):
    return client.post(f"/billing/invoices/{invoice.uid}/payment", data=WIRE | changes)


def test_a_transfer_pays_the_invoice_and_cancels_the_debit(house: House, browser) -> None:
    row = announced(house)
    invoice, client = invoice_of(row), browser(house.finance)
    assert "Payée par virement" in client.get(f"/billing/invoices/{invoice.uid}").text
    for wrong in ({"on": ""}, {"on": "2026-11-24"}, {"on": "2026-11-22"}, {"reference": " "}):
        assert post(client, invoice, **wrong).status_code == 422
    assert stored(row).state == CollectionState.HELD
    assert post(client, invoice).status_code == 303
    assert (stored(invoice).state, invoice.paid_on) == (InvoiceState.PAID, date(2026, 11, 23))
    assert stored(row).state == CollectionState.CANCELLED
    assert db.session.scalars(db.select(Payment)).one().amount_cents == 1_000
    assert post(client, invoice).status_code == 409
    assert "Payée par virement" not in client.get(f"/billing/invoices/{invoice.uid}").text


def test_a_reference_counts_once(house: House, browser) -> None:
    row = announced(house)
    client = browser(house.finance)
    assert post(client, invoice_of(row), amount="4,00").status_code == 303
    again = post(client, invoice_of(row))
    assert again.status_code == 422 and "déjà été enregistrée" in again.text
    assert invoice_of(row).state == InvoiceState.ISSUED


def test_a_debit_at_the_bank_is_waited_for(house: House, browser) -> None:
    _batch, (row,) = exported(house)
    answer = post(browser(house.finance), invoice_of(row))
    assert answer.status_code == 422 and "chez la banque" in answer.text
    assert invoice_of(row).state == InvoiceState.ISSUED


def test_what_a_lowered_debit_left_is_what_came_in(house: House, browser) -> None:
    _batch, (row,) = exported(house, before=lambda row: row.lower(400, by=SYSTEM))
    book(credited(row))
    assert post(browser(house.finance), invoice_of(row)).status_code == 303
    amounts = db.session.scalars(db.select(Payment.amount_cents).order_by(Payment.id)).all()
    assert list(amounts) == [400, 600]
    assert stored(row).state == CollectionState.SETTLED


@pytest.mark.parametrize("role", ["operator", "owner", "reader"])
def test_finance_alone_notes_money(house: House, browser, role: str) -> None:
    row = announced(house)
    # For the owner of a house that does not bill, there is nothing to be noted.
    expected = 404 if role == "owner" else 403
    assert post(browser(getattr(house, role)), invoice_of(row)).status_code == expected
    assert post(browser(an_outsider(house)), invoice_of(row)).status_code in (403, 404)
