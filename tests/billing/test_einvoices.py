"""From the chosen day on, invoices to businesses carry their XML; what breaks a rule is told, not sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.billing.models import Invoice, add_charge
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer, CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.facturx import engine
from portal.facturx.engine import Schematrons
from portal.jobs import TaskState, find_task
from portal.journal import SYSTEM
from portal.papers import KIND, values_of
from portal.resellers.models import LegalEntity
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.facturx.linter import faults
from tests.sepa.signed import sign_now

At = Callable[[datetime], None]
BEFORE, DAY = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC)
XML = "factur-x.xml"


def the_entity() -> LegalEntity:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(LegalEntity)).one()


def choose(client: Any, day: str) -> Any:
    return client.post(f"/billing/einvoices/settings/{the_entity().uid}", data={"issue_from": day})


def owes(customer: Customer, origin: str, method: Method = Method.WIRE, **values: Any) -> None:
    charge = {"label": "Sauvegarde", "quantity": 3, "unit_cents": 999, "includes_vat": False}
    add_charge(customer, origin=origin, method=method, **charge | values)


def bill(client: Any) -> list[Invoice]:
    """The month, by finance; its papers are printed by the worker."""
    client.post("/billing/runs", data={"entity": the_entity().uid, "month": "2026-12"})
    work()
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Invoice).order_by(Invoice.id)))


def record_of(invoice: Invoice) -> EInvoiceRecord | None:
    query = db.select(EInvoiceRecord).where(EInvoiceRecord.document_id == invoice.document_id)
    return db.session.scalars(query).one_or_none()


def attached(invoice: Invoice) -> list[bytes]:
    return PdfReader(BytesIO(content_of(stored(invoice).document))).attachments.get(XML, [])


def test_the_first_day_is_chosen_by_finance_and_never_in_the_past(house: House, at: At, browser: Any) -> None:
    at(BEFORE)
    client = browser(house.finance)
    assert "1er septembre 2027" in client.get(f"/billing/einvoices/settings/{the_entity().uid}").text
    past = choose(client, "2026-11-23")
    assert past.status_code == 422 and "Ce jour est passé" in past.text
    assert choose(client, "2026-12-01").status_code == 303
    assert "2026-12-01" in client.get(f"/billing/einvoices/settings/{the_entity().uid}").text
    for person in (house.owner, house.operator, an_outsider(house)):
        assert choose(browser(person), "").status_code in (403, 404)


def test_who_chose_nothing_begins_on_the_day_of_the_law(house: House, at: At, browser: Any) -> None:
    at(datetime(2027, 8, 31, 9, tzinfo=UTC))
    wired, client = a_customer(house.reseller, siren="552100554"), browser(house.finance)
    owes(wired, "before")
    [before] = bill(client)
    assert attached(before) == []
    at(datetime(2027, 9, 1, 9, tzinfo=UTC))
    set_scope(EVERYTHING)
    owes(stored(wired), "after")
    client = browser(house.finance)
    [after] = [each for each in bill(client) if each.number != before.number]
    assert len(attached(after)) == 1
    assert "2027-09-01" in client.get(f"/billing/einvoices/settings/{the_entity().uid}").text
    assert choose(client, "").status_code == 303  # postponed: a person has said so
    set_scope(EVERYTHING)
    owes(stored(wired), "later")
    assert [attached(each) for each in bill(client) if each.number not in (before.number, after.number)] == [
        []
    ]


def test_a_month_gives_e_invoices_and_credit_notes_to_businesses_from_that_day_on(
    house: House, at: At, browser: Any
) -> None:
    at(BEFORE)
    wired = a_customer(house.reseller, name="Avant", siren="552100554")
    owes(wired, "early")
    client = browser(house.finance)
    assert choose(client, "2026-12-01").status_code == 303
    client.post("/billing/runs", data={"entity": the_entity().uid, "month": "2026-11"})
    work()
    at(DAY)
    set_scope(EVERYTHING)
    owes(wired, "wired", unit_cents=999, includes_vat=True)
    debited = a_customer(house.reseller, name="Débit", siren="404833048")
    sign_now(debited, the_entity())
    owes(debited, "debited", Method.DIRECT_DEBIT)
    town = a_customer(
        house.reseller, name="Ville", kind=CustomerKind.PUBLIC_BODY, siren="217500016", siret="21750001600019"
    )
    town.service_code, town.commitment_number = "SERV1", "ENG-42"
    owes(town, "town")
    home = a_customer(house.reseller, name="Camille", kind=CustomerKind.CONSUMER, siren=None)
    owes(home, "home")
    client = browser(house.finance)
    early, *others = bill(client)
    assert attached(early) == [] and record_of(early) is None and "einvoice" not in values_of(early.document)
    by_name = {each.parties["buyer"]["name"]: each for each in others}
    consumer = by_name.pop("Camille")
    assert attached(consumer) == [] and record_of(consumer) is None
    for invoice in by_name.values():
        row = record_of(invoice)
        assert row is not None and row.findings == []
        assert row.state == EInvoiceState.VALID
        assert faults(content_of(stored(invoice).document)) == []
        [xml] = attached(invoice)
        assert client.get(f"/billing/einvoices/{row.uid}/cii.xml").data == xml
        assert invoice.number.encode() in client.get(f"/billing/einvoices/{row.uid}/ubl.xml").data
    sepa, [public], [wire] = (
        attached(by_name["Débit"])[0],
        attached(by_name["Ville"]),
        attached(by_name["Avant"]),
    )
    assert b">59<" in sepa and b"DirectDebitMandateID" in sepa and b"FR15ZZZ588627" in sepa
    assert b"SERV1" in public and b"ENG-42" in public and b"L2192-13" in public
    assert b">30<" in wire and b"IBANID" in wire and b">S1<" in wire
    page = client.get("/billing/einvoices").text
    assert all(invoice.number in page for invoice in by_name.values()) and consumer.number not in page
    note = issue_credit_note(
        by_name["Avant"], rest_of(by_name["Avant"]), origin="x", reason=CreditReason.ERROR, by=SYSTEM
    )
    work()
    [credit] = PdfReader(BytesIO(content_of(stored(note).document))).attachments[XML]
    assert b">381<" in credit and by_name["Avant"].number.encode() in credit


def test_a_buyer_without_siren_is_refused_told_with_the_rule_and_closed_by_finance(
    house: House, at: At, browser: Any
) -> None:
    at(BEFORE)
    choose(browser(house.finance), "2026-12-01")
    at(DAY)
    set_scope(EVERYTHING)
    owes(a_customer(house.reseller, name="Sans numéro", siren=None), "none")
    client = browser(house.finance)
    [invoice] = bill(client)
    row = record_of(invoice)
    assert row is not None and row.state == EInvoiceState.REFUSED and attached(invoice) == []
    page = client.get(f"/billing/einvoices/{row.uid}").text
    assert "BR-FR-11" in page and "SIREN de l’acheteur" in page
    assert invoice.number in client.get("/billing/einvoices?state=einvoice_refused").text
    assert "BR-FR-11" in client.get("/").text
    assert client.get(f"/billing/einvoices/{row.uid}/cii.xml").status_code == 422
    assert client.post(f"/billing/einvoices/{row.uid}/closing", data={"why": ""}).status_code == 422
    for person in (house.owner, house.operator, an_outsider(house)):
        answer = browser(person).post(f"/billing/einvoices/{row.uid}/closing", data={"why": "x"})
        assert answer.status_code in (403, 404)
    done = client.post(f"/billing/einvoices/{row.uid}/closing", data={"why": "Avoir et nouvelle facture"})
    assert done.status_code == 303 and stored(row).state == EInvoiceState.CLOSED
    assert client.post(f"/billing/einvoices/{row.uid}/closing", data={"why": "x"}).status_code == 409
    assert "BR-FR-11" not in client.get("/").text


def test_without_the_engine_nothing_is_printed_or_sent_until_it_answers(
    house: House, at: At, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(BEFORE)
    choose(browser(house.finance), "2026-12-01")
    at(DAY)
    set_scope(EVERYTHING)
    owes(a_customer(house.reseller, siren="552100554"), "away")
    client = browser(house.finance)
    monkeypatch.setattr(engine.schematrons, "_stylesheets", (engine.BASE.with_name("missing.xslt"),))
    engine.schematrons.close()
    [invoice] = bill(client)
    task = find_task(KIND, invoice.document.uid)
    assert task is not None and task.state == TaskState.QUEUED and "schematron" in (task.error or "")
    assert not invoice.document.is_there and record_of(invoice) is None
    assert "contrôle électronique" in client.get(f"/documents/{invoice.document.uid}").text
    monkeypatch.setattr(engine.schematrons, "_stylesheets", Schematrons()._stylesheets)
    assert client.get(f"/documents/{invoice.document.uid}").status_code == 200
    assert attached(invoice) and record_of(invoice) is not None
