"""What each clause brought in and cost comes to the revenue of the books; what never served is a list."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from portal import clock
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, pending_charges
from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import charge_next_period
from tests.books.builders import an_invoice
from tests.books.read_fec import read
from tests.builders import House, an_outsider
from tests.contracts.builders import dobaas, natso
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table

At = Callable[[datetime], None]


def the_entity() -> LegalEntity:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(LegalEntity)).one()


def invoiced(subscription: Subscription, *, penalty: int = 0) -> Invoice:
    """Its next period, and a penalty of leaving early."""
    charge_next_period(subscription)
    if penalty:
        subscription.owe(
            origin=f"early-end-penalty:{subscription.uid}",
            label="Pénalité de sortie anticipée",
            unit_cents=penalty,
            clause="004-42",
        )
    invoice = issue_invoice(
        subscription.customer,
        subscription.legal_entity,
        pending_charges(subscription.customer),
        method=Method.WIRE,
        issued_on=clock.today(),
        due_on=clock.today(),
        by=SYSTEM,
    )
    db.session.commit()
    return invoice


def a_year(house: House, at: At) -> tuple[Invoice, Invoice]:
    """A flat month of 300,00 € with a penalty of 900,00 €; a year of 49,90 €, all of it credited; a fee."""
    at(datetime(2026, 10, 5, 9, tzinfo=UTC))
    flat = invoiced(dobaas(house, name="Atelier", siren=None), penalty=90_000)
    at(datetime(2026, 11, 5, 9, tzinfo=UTC))
    yearly = invoiced(natso(house, name="Boulangerie", siren=None))
    issue_credit_note(
        yearly, rest_of(yearly), origin="test", reason=CreditReason.PROVIDER_END, by=SYSTEM, clause="000-54"
    )
    penalty = flat.lines[1]
    part = rest_of(flat, [penalty])[0]._replace(net_cents=10_000, vat_cents=2_000)
    issue_credit_note(flat, [part], origin="x", reason=CreditReason.GOODWILL, by=SYSTEM)
    an_invoice(house, "Saisie")
    db.session.commit()
    return flat, yearly


def test_the_sum_of_all_clauses_is_the_revenue_of_the_books(house: House, browser: Any, at: At) -> None:
    a_year(house, at)
    client, uid = browser(house.finance), the_entity().uid
    rows = table(client.get("/billing/clauses/file.csv?since=2026-01-01&until=2026-12-31").text)
    assert [row[1:] for row in rows[1:]] == [
        ["004-04", "300,00", "0,00", "300,00", "1", "1"],  # the offer's own clause
        ["004-42", "900,00", "100,00", "800,00", "2", "1"],
        ["000-05", "49,90", "0,00", "49,90", "1", "1"],
        ["000-54", "0,00", "49,90", "-49,90", "1", "1"],
        ["", "100,00", "0,00", "100,00", "1", "1"],
    ]
    accounts = read(client.get(f"/billing/ledger/{uid}/fec.txt?year=2026").data, 2026)["accounts"]
    booked = -sum(cents for number, cents in accounts.items() if number.startswith("7"))
    cents = [int(row[4].replace(",", "")) for row in rows[1:]]
    assert sum(cents) == booked == 120_000
    none = client.get("/billing/clauses/file.csv?since=2026-10-06&until=2026-11-04").text
    assert len(table(none)) == 1


def test_a_clause_unfolds_and_leads_to_its_rows_with_their_sum(house: House, browser: Any, at: At) -> None:
    flat, _yearly = a_year(house, at)
    for person in (house.finance, house.operator):
        client = browser(person)
        page = client.get("/billing/clauses")
        assert 'class="clause"' in page.text and "Sans clause" in page.text
        assert "800,00 €" in text_of(page.text) and "1 200,00 €" in text_of(page.text)
        assert "/billing/clauses" in client.get("/terms").text
        asked = "stack=dobaas&clause=004-42&versions=" + ",".join(
            db.session.scalars(db.select(Subscription.terms_versions).order_by(Subscription.id)).first()  # type: ignore[arg-type]
        )
        rows = client.get(f"/billing/clauses/rows?{asked}").text
        assert "2 lignes, net 800,00 € HT" in text_of(rows)
        assert f"/billing/invoices/{flat.uid}" in rows and "AV-2026-000002" in rows
        lines = table(client.get(f"/billing/clauses/rows.csv?{asked}").text)
        assert [row[-1] for row in lines[1:]] == ["900,00", "-100,00"]
        assert "100,00 € HT" in text_of(client.get("/billing/clauses/rows?stack=&versions=&clause=").text)
    assert client.get("/billing/clauses?since=2026-12-31&until=2026-01-01").status_code == 422
    assert client.get("/billing/clauses?since=x").status_code == 422
    assert client.get("/billing/clauses?entity=x").status_code == 422
    for person in (house.owner, house.technician, an_outsider(house)):
        for path in ("", "/rows", "/file.csv", "/rows.csv"):
            assert browser(person).get(f"/billing/clauses{path}").status_code == 403


def test_clauses_with_an_amount_that_never_served_are_listed_for_the_lawyer(
    house: House, browser: Any, at: At
) -> None:
    a_year(house, at)
    client = browser(house.operator)
    page = client.get("/billing/clauses?since=2026-01-01&until=2026-12-31").text
    dead = page[page.index("N'ont jamais servi") :] if "N'ont jamais servi" in page else ""
    assert dead and "004-42" not in dead
    before = client.get("/billing/clauses?since=2026-10-06&until=2026-11-04").text
    assert "004-42" in before, "in these days the penalty was not asked for"
