"""A person asks for her data: passed on to the controller, answered in its time, or handed over as a file."""

import hashlib
import json
import re
from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.privacy.requests import PersonRequest
from tests.availability.builders import a_cloud
from tests.builders import a_user, stored, work
from tests.contracts.builders import dropcloud
from tests.privacy.builders import a_request

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=PARIS)
LEA = "lea@autre.example"
ASKED = {"name": "Léa Roux", "email": LEA, "language": "fr", "kind": "access"}


@pytest.fixture(autouse=True)
def named(app, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "http://localhost:8000")


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"privacy/{kind}").order_by(Mail.id)))


@pytest.mark.parametrize(("clause", "make"), [("001-39", dropcloud), ("003-57", a_cloud)])
def test_001_39_003_57_a_request_is_passed_on_at_once_to_the_customer_who_answers(
    house, browser, at, clause, make
):
    customer = make(house).customer
    at(NOON)
    client = browser(house.operator)
    typed = {**ASKED, "received_at": "2026-11-30T11:59", "customer": customer.name, "words": "Mes photos"}
    unknown = client.post("/privacy/requests", data={**typed, "customer": "Personne"})
    assert unknown.status_code == 422 and "Rien ne porte ce nom" in unknown.text
    page = client.post("/privacy/requests", data=typed).location
    work()
    (mail,) = mails("mail_person_forwarded")
    assert mail.recipient == customer.contact("signatory").email
    assert mail.sent_at is not None and mail.sent_at - NOON < timedelta(minutes=1)
    assert LEA in mail.body and "Mes photos" in mail.body
    assert [each.recipient for each in mails("mail_person_passed_on")] == [LEA]
    shown = client.get(page).text
    assert clause in shown and "transmise" in shown
    assert client.post(f"{page}/answer", data={"answer": "Voici."}).status_code == 422  # hers to answer


def test_the_month_counts_from_the_day_of_receipt_and_is_extended_once(house, browser, at):
    at(datetime(2026, 12, 31, 12, tzinfo=PARIS))
    row = a_request(house.provider)
    assert row.due_on == date(2027, 1, 31)
    client, page = browser(house.operator), f"/privacy/requests/{row.uid}"
    assert client.post(f"{page}/extension").status_code == 422  # without a reason
    assert client.post(f"{page}/extension", data={"why": "Beaucoup de pièces"}).status_code == 303
    assert stored(row).due_on == date(2027, 3, 31)  # from the anchor
    assert client.post(f"{page}/extension", data={"why": "Encore"}).status_code == 422
    assert "31 mars 2027" in unescape(mails("mail_person_extended")[0].subject)
    late = a_request(house.provider, "lou@autre.example")
    at(datetime(2027, 2, 1, 0, 30, tzinfo=PARIS))
    client = browser(house.operator)
    over = client.post(f"/privacy/requests/{late.uid}/extension", data={"why": "Trop tard"})
    assert over.status_code == 422 and "dans le mois de sa demande" in over.text
    kinds = [each["kind"] for each in client.get("/today.json").json["todo"]]
    assert kinds.count("privacy.request") == 2


def test_the_file_of_a_person_says_what_is_held_and_opens_with_a_code(app, house, browser, at):
    customer = dropcloud(house).customer
    at(NOON)
    contact = customer.contact("incident")
    contact.email, contact.name = "Lea@Autre.example", "Léa Roux"
    a_user(customer.organisation, Role.CUSTOMER, "Léa Roux").person.email = LEA
    db.session.commit()
    row = a_request(house.provider)
    client, page = browser(house.operator), f"/privacy/requests/{row.uid}"
    unchecked = client.post(f"{page}/file")
    assert unchecked.status_code == 422 and "identité" in unchecked.text
    client.post(f"{page}/identity", data={"how": "Rappelée au numéro du dossier"})
    assert client.post(f"{page}/file").status_code == 303
    work()
    set_scope(EVERYTHING)
    row, (mail,) = stored(row), mails("mail_person_file")
    assert mail.recipient == LEA and row.document.sha256 in mail.body
    assert client.get(f"/documents/{row.document.uid}").status_code == 403  # not for staff
    address = re.search(r"/fetch/\S+", mail.body).group()
    visitor = app.test_client()
    assert "/fetch/" in address and row.document.uid not in visitor.get(address).text
    visitor.post(f"{address}/code")
    work()
    set_scope(EVERYTHING)
    code = re.search(r"\b\d{6}\b", db.session.scalars(select(Mail).order_by(Mail.id.desc())).first().body)
    assert visitor.post(f"{address}/check", data={"code": code.group()}).status_code == 303
    assert row.document.sha256[:16] in visitor.get(address).text
    file = visitor.get(f"{address}/{row.document.uid}").data
    assert hashlib.sha256(file).hexdigest() == row.document.sha256
    held = json.loads(file)["held"]
    assert [each["role"] for each in held["contacts"]] == ["incident"]
    assert [each["house"] for each in held["accounts"]] == [customer.name]
    assert client.post(f"{page}/file").status_code == 422  # once


def test_a_person_whom_nobody_knows_is_told_so(house, browser, at):
    at(NOON)
    row = a_request(house.provider, "inconnu@ailleurs.example")
    client, page = browser(house.operator), f"/privacy/requests/{row.uid}"
    assert "ne connaît pas cette adresse" in client.get(page).text
    assert client.post(f"{page}/answer", data={"answer": "Nous ne gardons rien."}).status_code == 422
    client.post(f"{page}/identity", data={"how": "Réponse à un e-mail"})
    assert client.post(f"{page}/answer", data={"answer": "Nous ne gardons rien."}).status_code == 303
    assert "ne gardons rien" in mails("mail_person_answer")[0].body
    assert client.post(f"{page}/answer", data={"answer": "Encore"}).status_code == 422


def test_a_refusal_says_where_to_complain(house, browser, at):
    at(NOON)
    row = a_request(house.provider)
    client = browser(house.operator)
    refused = {"answer": "Demande excessive.", "refused": "y"}
    assert client.post(f"/privacy/requests/{row.uid}/answer", data=refused).status_code == 303
    assert stored(row).state == "person_refused" and "CNIL" in mails("mail_person_answer")[0].body


def test_she_asks_from_her_own_space_and_no_colleague_reads_it(house, browser, at):
    customer = dropcloud(house).customer
    at(NOON)
    hers = a_user(customer.organisation, Role.BILLING, "Léa Roux")
    other = a_user(customer.organisation, Role.CUSTOMER, "Max")
    db.session.commit()
    client = browser(hers)
    assert client.post("/my-data", data={"kind": "nothing"}).status_code == 422
    assert client.post("/my-data", data={"kind": "portability"}).status_code == 303
    assert "Vos demandes" in client.get("/my-data").text
    assert "Vos demandes" not in browser(other).get("/my-data").text
    set_scope(EVERYTHING)
    (row,) = db.session.scalars(select(PersonRequest))
    assert row.email == hers.email and row.identity_how
    page = f"/privacy/requests/{row.uid}"
    assert browser(house.operator).post(f"{page}/file").status_code == 303
    assert browser(house.owner).get(page).status_code == 403


def test_003_57_what_she_asks_of_entrusted_data_goes_to_her_house_at_once(house, browser, at):
    customer = a_cloud(house).customer
    at(NOON)
    hers = a_user(customer.organisation, Role.TECHNICAL, "Léa Roux")
    db.session.commit()
    client = browser(hers)
    asked = {"kind": "erasure", "words": "Mes photos", "entrusted": "y"}
    assert client.post("/my-data", data=asked).status_code == 303
    work()
    set_scope(EVERYTHING)
    (mail,), (told,) = mails("mail_person_forwarded"), mails("mail_person_passed_on")
    assert mail.recipient == customer.contact("signatory").email and "Mes photos" in mail.body
    assert mail.sent_at is not None and told.recipient == hers.email
    (row,) = db.session.scalars(select(PersonRequest))
    assert row.state == "person_forwarded" and "003-57" in row.clause
    assert "transmise" in client.get("/my-data").text
