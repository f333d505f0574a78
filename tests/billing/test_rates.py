"""Rates entered by finance, and what a late invoice owes on its own page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.billing.rates import EnteredRate, enter_rate, known_rates, missing_semester
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import db
from portal.dunning.contracts import late_facts
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for
from tests.builders import House, a_customer

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def overdue(house: House, due_on: date = date(2025, 5, 31), **values: Any) -> Invoice:
    """1 200.00 with VAT, not paid."""
    customer = a_customer(house.reseller, **values)
    add_charge(
        customer,
        origin=f"late:{customer.uid}",
        label="Abonnement",
        quantity=1,
        unit_cents=120_000,
        includes_vat=True,
        method=Method.WIRE,
    )
    invoice = issue_invoice(
        customer,
        issuer_for(customer),
        pending_charges(customer),
        method=Method.WIRE,
        issued_on=date(2025, 5, 1),
        due_on=due_on,
        by=SYSTEM,
    )
    db.session.commit()
    return invoice


def test_a_late_invoice_shows_penalties_fee_and_law(house: House, browser: Browser, at: At) -> None:
    at(datetime(2025, 7, 20, 10, tzinfo=UTC))
    invoice = overdue(house)
    assert [each.cents for each in late_facts(invoice)] == [2096, 4000]
    page = browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text
    assert "20,96" in page and "30 jours à 13,15 % (2025 S1)" in page and "L441-10" in page


def test_a_consumer_owes_nothing_on_top(house: House, at: At) -> None:
    at(datetime(2025, 7, 20, 10, tzinfo=UTC))
    invoice = overdue(house, kind=CustomerKind.CONSUMER, siren=None)
    assert [each.cents for each in late_facts(invoice)] == [0, 0]


def test_an_invoice_in_time_shows_nothing_and_one_paid_late_what_it_cost(house: House) -> None:
    assert late_facts(overdue(house, due_on=date(2026, 11, 23))) == []
    invoice = overdue(house, siren="404833048")
    invoice.pay(on=date(2025, 5, 31), by=SYSTEM)
    assert late_facts(invoice) == []
    invoice = overdue(house, siren="552100554")
    invoice.pay(on=date(2025, 7, 20), by=SYSTEM)
    assert [each.cents for each in late_facts(invoice)] == [2096, 4000]


def test_without_the_half_year_s_rate_the_page_says_so_until_finance_enters_it(
    house: House, browser: Browser
) -> None:
    invoice = overdue(house, due_on=date(2026, 6, 30))
    window = browser(house.finance)
    address = f"/billing/invoices/{invoice.uid}"
    assert "2026 S2" in window.get(address).text and "à calculer" in window.get(address).text
    assert missing_semester() == "2026 S2"
    form = {"semester": "2026 S2", "rate": "2,15", "source": "BCE, taux du 1er juillet 2026"}
    assert window.post("/billing/rates", data=form).status_code == 303
    assert missing_semester() is None
    assert "146 jours à 12,15 % (2026 S2)" in window.get(address).text
    row = db.session.scalars(db.select(EnteredRate)).one()
    assert (row.basis_points, row.entered_by) == (215, house.finance.label)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"semester": "2026S2"}, "s'écrit comme"),
        ({"semester": "2027 S1"}, "n'a pas commencé"),
        ({"semester": "2026 S1"}, "ne change pas"),
        ({"rate": "abc"}, "illisible"),
        ({"rate": "2,155"}, "illisible"),
        ({"rate": "26"}, "entre 0 et 25"),
        ({"rate": "NaN"}, "illisible"),
        ({"source": ""}, "Indiquez la source"),
    ],
)
def test_a_faulty_rate_is_refused_beside_its_field(
    house: House, browser: Browser, form: dict[str, str], sentence: str
) -> None:
    good = {"semester": "2026 S2", "rate": "2,15", "source": "BCE"}
    answer = browser(house.finance).post("/billing/rates", data={**good, **form})
    assert answer.status_code == 422
    assert sentence in answer.text.replace("&#39;", "'").replace("\u00a0", " ")
    assert "2026 S2" not in known_rates()


def test_a_rate_that_ships_is_never_overridden(house: House) -> None:
    with pytest.raises(Refused, match="ne change pas"):
        enter_rate("2025 S1", 1, "x", by=house.finance)
    db.session.add(
        EnteredRate(
            semester="2025 S1", basis_points=1, source="x", entered_by="x", entered_on=date(2026, 1, 1)
        )
    )
    assert known_rates()["2025 S1"].basis_points == 315
