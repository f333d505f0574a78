"""Who gets which of a customer's mails, and what a person declines: done where mails are written."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer
from portal.customers.recipients import MailRecipient, by_wish, recipients_of
from portal.db import db
from portal.jobs import find_task
from portal.journal import SYSTEM
from portal.mail import KINDS, Addressee, Letter, Mail, MailState, never_again
from portal.mail.rows import KIND
from portal.mail.wishes import TOPICS
from portal.safekeeping.jobs import tell_operators
from portal.safekeeping.state import safety
from portal.sepa.mandates.jobs import warn_of_lapse
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.sepa.people import a_signed_mandate
from tests.subscriptions.builders import a_product

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
ACCOUNTANT = "compta@cabinet.example"


@pytest.fixture
def customer(house: House) -> Customer:
    made = a_customer(house.reseller)
    for contact in made.contacts:
        contact.email = f"{contact.role}@client.example"
    db.session.commit()
    return made


def asked(**changes: object) -> dict[str, object]:
    return {f"contacts-{topic.name}": [topic.role] for topic in TOPICS} | changes


def test_the_accountant_gets_a_copy_and_the_contact_hers(
    house: House, customer: Customer, browser: Browser
) -> None:
    path = f"/customers/{customer.uid}/recipients"
    wish = {
        "others-proforma": f"{ACCOUNTANT}, {ACCOUNTANT.upper()} chef@client.example",
        "contacts-incident": ["technical"],
    }
    client = browser(house.sales)
    assert path in client.get(f"/customers/{customer.uid}").text
    assert client.post(path, data=asked(**wish)).status_code == 303
    assert ACCOUNTANT in client.get(path).text
    place_order(customer, a_product(house), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    sent = db.session.scalars(db.select(Mail).where(Mail.kind == "subscriptions/mail_proforma"))
    assert [mail.recipient for mail in sent] == ["billing@client.example", ACCOUNTANT, "chef@client.example"]
    for kind, role, wanted in (
        ("mails/backup_incident", "incident", ["technical@client.example"]),
        ("billing/mail_invoice", "billing", None),  # as of old
    ):
        letter = Letter(customer.organisation, KINDS[kind], customer.contact(ContactRole(role)))
        people = by_wish(letter)
        assert (people and [each.email for each in people]) == wanted, kind
    typed = Letter(customer.organisation, KINDS["mails/backup_incident"], Addressee("x@y.example"))
    assert by_wish(typed) is None  # somebody has named another address for this one
    assert [name for name, kind in KINDS.items() if kind.topic and kind.once] == []  # what binds has no copy
    assert client.post(path, data=asked()).status_code == 303
    assert db.session.scalars(db.select(MailRecipient)).all() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contacts-incident": []}, "Personne ne recevrait plus"),
        ({"others-invoice": "pas une adresse"}, "valable"),
        ({"others-invoice": " ".join(f"a{n}@b.example" for n in range(6))}, "Cinq autres adresses"),
    ],
)
def test_a_wish_that_cannot_be_done_changes_nothing(
    house: House, customer: Customer, browser: Browser, change: dict[str, object], words: str
) -> None:
    answer = browser(house.owner).post(f"/customers/{customer.uid}/recipients", data=asked(**change))
    assert answer.status_code == 422 and words in answer.text
    assert recipients_of(customer) == {topic.name: ([topic.role], []) for topic in TOPICS}


def test_the_customer_says_it_herself_and_nobody_of_elsewhere(
    house: House, customer: Customer, browser: Browser
) -> None:
    path, wish = f"/customers/{customer.uid}/recipients", asked(**{"others-invoice": ACCOUNTANT})
    people = {role: a_user(customer.organisation, role) for role in (Role.BILLING, Role.TECHNICAL)}
    db.session.commit()
    hers = browser(people[Role.BILLING])
    assert 'href="/recipients"' in hers.get("/account").text and hers.get("/recipients").status_code == 200
    assert hers.post(path, data=wish).headers["Location"] == "/recipients"
    assert recipients_of(customer)["invoice"] == (["billing"], [ACCOUNTANT])
    assert browser(people[Role.TECHNICAL]).post(path, data=wish).status_code == 403
    assert browser(an_outsider(house)).post(path, data=wish).status_code == 404


def test_a_person_declines_what_she_may_and_no_more(house: House, browser: Browser, at: At) -> None:
    page = browser(house.operator).get("/account").text
    assert "L. 1111-8" in page and "RGPD, art. 32" in page
    client = browser(house.finance)
    assert client.post("/account/notices", data={"group": ["forged"]}).status_code == 303
    assert stored(house.finance).declined == ["money"]
    house.operator.declined = ["safety", "security"]  # whatever a row says
    mandate = a_signed_mandate(house, a_customer(house.reseller, siren=None))
    mandate.last_presented_on = date(2027, 1, 5)
    db.session.commit()
    at(datetime(2029, 10, 5, 9, tzinfo=UTC))
    warn_of_lapse()
    work()
    tell_operators(safety())
    db.session.commit()
    mails = db.session.scalars(db.select(Mail).where(Mail.kind.in_(["sepa/mail_lapse", "mails/safety"])))
    declined = {(mail.kind, mail.recipient) for mail in mails if mail.state == MailState.DECLINED}
    assert declined == {("sepa/mail_lapse", house.finance.email)}
    row = db.session.scalars(db.select(Mail).where(Mail.state == MailState.DECLINED)).one()
    assert "ne souhaite pas" in never_again(row) and find_task(KIND, row.uid) is None
