"""A list is one thing: what its page shows, adds up and chooses is what its files hold."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from portal.access import Role
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState, add_charge, pending_charges
from portal.billing.run import Bill, bill_charges
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM, JournalEntry
from portal.listing.asked import READ
from portal.listing.models import SavedView
from portal.paging import summed
from portal.resellers.models import LegalEntity
from portal.sepa.models import Mandate, MandateState
from tests.builders import House, a_customer, an_outsider, stored
from tests.sepa.people import a_mandate, a_signed_mandate
from tests.test_csv_file import table
from tests.test_paging import copies

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def three_invoices(house: House, at: At) -> list[Invoice]:
    """Of 12, 24 and 36 euros, one a month since September; the last one is paid."""
    entity = db.session.scalars(select(LegalEntity)).one()
    found: list[Invoice] = []
    for number in range(3):
        at(datetime(2026, 9 + number, 5, 9, tzinfo=UTC))
        customer = a_customer(house.reseller, name=f"Client {number}", siren=None)
        line = {"label": "Un an", "quantity": number + 1, "unit_cents": 1000, "includes_vat": False}
        add_charge(customer, origin=f"x{number}", method=Method.WIRE, **line)
        found += bill_charges([Bill(customer, pending_charges(customer), Method.WIRE)], entity)
        db.session.commit()
    at(datetime(2026, 11, 23, 9, tzinfo=UTC))
    pay_by_wire(found[2], date(2026, 11, 20), "VIR", by=SYSTEM)
    db.session.commit()
    return found


def numbers(page: str) -> list[str]:
    return re.findall(r'<a href="/billing/invoices/[a-z2-7]+">([^<]+)</a>', page)


def _link(mandate: Mandate) -> int:
    assert mandate.link is not None
    return mandate.link.id


@pytest.mark.parametrize(
    ("wishes", "kept"),
    [
        ("", [2, 1, 0]),
        ("sort=due_on", [0, 1, 2]),
        ("sort=-gross", [2, 1, 0]),
        ("state=paid", [2]),
        ("state=overdue&sort=due_on", [0, 1]),
        ("issued_from=2026-10-05", [2, 1]),
        ("issued_to=2026-10-05", [1, 0]),
        ("issued_from=2026-10-05&issued_to=2026-10-05", [1]),
        ("state=nonsense&sort=uid&issued_from=tomorrow", [2, 1, 0]),
        ("sort=--gross", [2, 1, 0]),
    ],
)
def test_page_and_files_hold_the_same_rows_in_the_same_order(
    house: House, browser: Browser, wishes: str, kept: list[int], at: At
) -> None:
    invoices = three_invoices(house, at)
    expected = [invoices[n].number for n in kept]
    client = browser(house.finance)
    page = client.get(f"/billing/invoices?{wishes}").text
    assert numbers(page) == expected
    head, *rows = table(client.get(f"/lists/invoices/file.csv?{wishes}").text)
    assert [row[0] for row in rows] == expected
    sheet = load_workbook(io.BytesIO(client.get(f"/lists/invoices/file.xlsx?{wishes}").data)).active
    assert [str(cell.value) for cell in next(sheet.iter_rows())] == head
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == expected
    amounts = [row[-1].value for row in sheet.iter_rows(min_row=2)]
    assert amounts == [float(Decimal(1200 * (n + 1)) / 100) for n in kept]
    assert [row[5].value.date() for row in sheet.iter_rows(min_row=2)] == [invoices[n].due_on for n in kept]
    total = f"{12 * sum(n + 1 for n in kept)},00"
    assert total in page.partition('id="list-sum"')[2].partition("</span>")[0]


def test_words_in_a_workbook_are_never_formulas(house: House, browser: Browser) -> None:
    a_customer(house.reseller, name="=HYPERLINK(1)", siren=None)
    client = browser(house.owner)
    sheet = load_workbook(io.BytesIO(client.get("/lists/customers/file.xlsx").data)).active
    cell = sheet["A2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_no_list_tells_more_than_its_page(house: House, browser: Browser, at: At) -> None:
    three_invoices(house, at)
    stranger = browser(an_outsider(house))
    assert len(table(stranger.get("/lists/invoices/file.csv").text)) == 1
    assert browser(house.people[Role.SUPPORT]).get("/lists/mandates/file.csv").status_code == 403
    assert browser(house.owner).get("/lists/batches/file.xlsx").status_code == 403
    assert browser(house.owner).get("/lists/nothing/file.csv").status_code == 404


def test_who_takes_a_list_away_is_noted(house: House, browser: Browser, at: At) -> None:
    three_invoices(house, at)
    browser(house.finance).get("/lists/invoices/file.csv?state=paid")
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.what == "take_list")).one()
    assert entry.details["listing"] == "invoices" and entry.details["wishes"] == "state=paid"


def test_above_ten_thousand_rows_nothing_is_added_up(house: House, at: At) -> None:
    invoice = three_invoices(house, at)[0]
    query = select(Invoice)
    assert summed(query, Invoice.id, Invoice.gross_cents, most=3) == (3, 7200)
    few, cents = summed(query, Invoice.id, Invoice.gross_cents, most=2)
    assert (few, few.is_more, cents) == (2, True, None)
    assert READ == 10_000 and invoice.gross_cents


def test_a_view_is_kept_found_again_and_dropped(house: House, browser: Browser) -> None:
    client = browser(house.finance)
    kept = {"title": "  En retard  ", "wishes": "state=overdue&after=x&nonsense=1"}
    answer = client.post("/lists/invoices/views", data=kept)
    assert answer.headers["Location"] == "/billing/invoices?state=overdue"
    assert db.session.scalars(select(SavedView.wishes)).all() == ["state=overdue"]
    client.post("/lists/invoices/views", data={"title": "En retard", "wishes": "state=paid"})
    page = client.get("/billing/invoices?state=paid").text
    assert "En retard" in page and 'aria-current="true"' in page
    assert "En retard" not in browser(house.owner).get("/billing/invoices").text
    browser(house.owner).post("/lists/invoices/views/drop", data={"title": "En retard"})
    assert "En retard" in client.get("/billing/invoices").text
    client.post("/lists/invoices/views/drop", data={"title": "En retard"})
    assert "En retard" not in client.get("/billing/invoices").text


def test_chosen_mandates_get_their_link_again_and_a_signed_one_stops_no_other(
    house: House, browser: Browser
) -> None:
    sent = [a_mandate(house, a_customer(house.reseller, name=f"C{n}", siren=None))[0] for n in range(2)]
    signed = a_signed_mandate(house, a_customer(house.reseller, name="Signé", siren=None))
    before = {row.uid: _link(row) for row in sent}
    client = browser(house.owner)
    chosen = [sent[0].uid, signed.uid, sent[1].uid, "nobody"]
    answer = client.post("/lists/mandates/remind", data={"uid": chosen, "wishes": "state=sent"})
    assert answer.headers["Location"] == "/sepa/mandates?state=sent"
    page = client.get(answer.headers["Location"]).text
    assert "2 lignes" in page and "2 refusées" in page
    assert all(_link(stored(row)) > before[row.uid] for row in sent)
    assert stored(signed).state == MandateState.SIGNED


def test_a_bulk_action_asks_for_its_own_permission(house: House, browser: Browser) -> None:
    mandate, _token = a_mandate(house)
    before = _link(mandate)
    reader = browser(house.reader)
    assert 'name="uid"' not in reader.get("/sepa/mandates").text
    assert reader.post("/lists/mandates/remind", data={"uid": mandate.uid}).status_code == 403
    stranger = browser(an_outsider(house))
    stranger.post("/lists/mandates/remind", data={"uid": mandate.uid})
    assert _link(stored(mandate)) == before


def test_an_open_page_is_told_when_its_rows_are_others(house: House, browser: Browser, at: At) -> None:
    three_invoices(house, at)
    client = browser(house.finance)
    page = client.get("/billing/invoices?state=paid").text
    address = re.search(r'hx-get="(/lists/invoices/news[^"]*)"', page)
    assert address is not None
    path = address.group(1).replace("&amp;", "&")
    assert client.get(path).status_code == 204
    for row in db.session.scalars(select(Invoice).where(Invoice.state == InvoiceState.ISSUED)):
        row.state = InvoiceState.PAID
    db.session.commit()
    answer = client.get(path)
    assert answer.status_code == 200 and 'href="/billing/invoices?state=paid"' in answer.text


def test_the_rest_of_a_long_list_is_a_link_away(house: House, browser: Browser, at: At) -> None:
    first = three_invoices(house, at)[0]
    copies(first, 30, number=lambda n: f"COPIE-{n:03}", order_uid=lambda n: None)
    client = browser(house.finance)
    page = client.get("/billing/invoices?sort=gross").text
    assert len(numbers(page)) == 25
    more = re.search(r'id="list-more"><a href="([^"]*)"', page)
    assert more is not None
    rest = client.get(more.group(1).replace("&amp;", "&")).text
    assert len(numbers(page)) + len(numbers(rest)) == 33
    assert not set(numbers(page)) & set(numbers(rest))


def test_what_a_customer_owes_stands_in_her_row_and_in_the_file(
    house: House, browser: Browser, at: At
) -> None:
    three_invoices(house, at)
    client = browser(house.owner)
    assert re.findall(r"(\d\d),00\s€", client.get("/customers").text) == ["12", "24"]
    head, *rows = table(client.get("/lists/customers/file.csv").text)
    assert [row[head.index("Dû")] for row in rows] == ["12,00", "24,00", ""]
