"""What was taken back of an invoice, read by a partner's system."""

from datetime import date

from flask import Flask

from portal.access import Role
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, share_of
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user
from tests.partners.builders import Partner, a_token
from tests.subscriptions.builders import a_product


def test_a_credit_note_is_read_as_it_was_issued_and_by_nobody_else(app: Flask, house: House) -> None:
    customer = a_customer(house.reseller)
    order = place_order(customer, a_product(house), 2, Method.WIRE, by=SYSTEM)
    paid = record_wire(order, received_on=date(2026, 11, 23), amount_cents=11976, reference="W", by=SYSTEM)
    share = share_of(paid, paid.lines[0], 1000)
    credit = issue_credit_note(paid, [share], origin="t:1", reason=CreditReason.ERROR, by=SYSTEM)
    db.session.commit()
    sales = Partner(app, a_token(house.sales))
    (row,) = sales.get("/credit-notes", customer=customer.uid).json["data"]
    assert (row["number"], row["invoice_number"]) == (credit.number, paid.number)
    assert row["net"]["cents"] + row["vat"]["cents"] == row["gross"]["cents"] == credit.gross_cents
    detail = sales.get(f"/credit-notes/{row['uid']}").json
    assert sum(line["net"]["cents"] for line in detail["lines"]) == row["net"]["cents"]
    assert sales.client.get(row["pdf"], headers=sales.headers).data.startswith(b"%PDF-")
    owner = a_user(house.other, Role.OWNER, "Voisine")
    db.session.commit()
    other = Partner(app, a_token(owner))
    assert other.get("/credit-notes").json["data"] == []
    assert other.get(f"/credit-notes/{row['uid']}").status_code == 404
