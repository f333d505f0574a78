"""A reseller that bills its customers itself reads the books of its own issuer, and of no other."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.books.checking import check_books
from portal.books.models import BookCheck
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from tests.builders import House, work
from tests.subscriptions.test_order_form import text_of
from tests.wholesale.test_own_month import its_issuer, of, the_providers
from tests.wholesale.test_own_refunds import an_invoice, billed_by, owed_back

Browser = Callable[..., FlaskClient]


def test_a_reseller_reads_and_downloads_the_books_of_its_own_issuer(house: House, browser: Browser) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    an_invoice(billed_by(provider, house, "Garage", 2), provider, 5_000)
    hers = billed_by(own, house, "Boulangerie", 3)
    an_invoice(hers, own, 7_000)
    owed_back(hers, own)
    accountant = browser(house.accountant)
    assert "/billing/books" in accountant.get("/billing/invoices").text
    page = accountant.get("/billing/books").text
    assert own.name in page and f"/billing/ledger/{own.uid}" in page and provider.uid not in page
    page = text_of(accountant.get(f"/billing/ledger/{own.uid}").text)
    assert "411000" in page and "70,00" in page and "50,00" not in page
    for code, found in (("VE", True), ("BQ", True), ("OD", False)):
        file = accountant.get(f"/billing/ledger/{own.uid}/journal.csv?month=2026-11&journal={code}").text
        assert ("BOULANGERIE" in file.upper()) is found and "GARAGE" not in file.upper()
    fec = accountant.get(f"/billing/ledger/{own.uid}/fec.txt?year=2026")
    assert own.siren in fec.headers["Content-Disposition"]
    assert "Boulangerie" in fec.text and "Garage" not in fec.text and "58,33" in fec.text
    aged = accountant.get(f"/billing/ledger/{own.uid}/aged.csv").text
    assert "Boulangerie" in aged and "Garage" not in aged
    for end in ("", "/journal.csv", "/fec.txt", "/aged.csv", "/accounts"):
        assert accountant.get(f"/billing/ledger/{provider.uid}{end}").status_code == 404, end
    for end in ("", "/lines.csv"):
        assert accountant.get(f"/billing/deferred/{own.uid}{end}").status_code == 200
        assert accountant.get(f"/billing/deferred/{provider.uid}{end}").status_code == 404
    page = accountant.get("/billing/closings").text
    assert own.name in page and provider.name not in page and "Clôturer 20" not in page
    assert "Changer un compte" not in accountant.get(f"/billing/ledger/{own.uid}/accounts").text
    answer = accountant.post("/billing/closings", data={"entity": own.uid, "period": "2026-11"})
    assert answer.status_code == 403, "the provider closes"


def test_a_reseller_has_its_own_books_checked_and_is_told_what_is_broken(
    house: House, browser: Browser
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    an_invoice(billed_by(own, house, "Boulangerie", 3), own)
    accountant = browser(house.accountant)
    assert accountant.post(f"/billing/books/{provider.uid}/check").status_code == 404
    assert accountant.post(f"/billing/books/{own.uid}/check").status_code == 303
    work()
    set_scope(EVERYTHING)
    (check,) = of(BookCheck, own)
    assert check.fault_count == 0 and of(BookCheck, provider) == []
    assert "Rien n'a été changé" in text_of(accountant.get("/billing/books").text).replace("’", "'")
    set_scope(EVERYTHING)
    for entity, faults in ((provider, 3), (own, 2)):
        kept = check_books(entity, by=SYSTEM, papers=False)
        row = BookCheck(organisation=entity.organisation, legal_entity_id=entity.id, by_label="x")
        row.counts, row.heads, row.faults, row.fault_count = kept.counts, {}, [], faults
        db.session.add(row)
    db.session.commit()
    told = text_of(accountant.get("/").text)
    assert "trouve 2 défauts" in told and "trouve 3 défauts" not in told
    told = text_of(browser(house.finance).get("/").text)
    assert "trouve 2 défauts" in told and "trouve 3 défauts" in told


@pytest.mark.usefixtures("no_badges")
def test_books_are_for_who_runs_the_month(house: House, browser: Browser) -> None:
    own = its_issuer(house.reseller)
    for role in (Role.SALES, Role.SUPPORT, Role.READER):
        client = browser(house.people[role])
        assert client.get("/billing/books").status_code == 403
        assert client.get(f"/billing/ledger/{own.uid}/fec.txt").status_code == 403
        assert "/billing/books" not in client.get("/billing/invoices").text
