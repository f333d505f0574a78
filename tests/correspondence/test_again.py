"""All mails of a customer, and the same words once more: for whom, where to, how often."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Task
from portal.journal import timeline
from portal.mail import KINDS, Mail, MailState, queue_mail
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import a_mandate, last_mail
from tests.subscriptions.test_orders import an_order, pay

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]


@pytest.fixture
def customer(house: House) -> Customer:
    return a_customer(house.reseller)


def a_mail(customer: Customer, kind: str = "mails/erased", to: str = "contact@client.example") -> Mail:
    """Sent."""
    case = {"certificate_number": "CE-1", "vault": {"name": "Serveur"}}
    mail = queue_mail(
        to,
        f"{kind}.txt",
        about=customer,
        owner=customer.organisation,
        case=case,
        code="1",
        address="x",
        vault={"name": "x"},
    )
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    assert stored(mail).state == MailState.SENT
    return mail


def again(client: FlaskClient, mail: Mail, **form: str) -> int:
    return client.post(f"/mails/{mail.uid}/sending", data=form).status_code


def copies(mail: Mail) -> list[Mail]:
    set_scope(EVERYTHING)
    query = db.select(Mail).where(Mail.copy_of == mail.uid).order_by(Mail.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def test_the_owner_sends_the_mail_with_the_keys_again(house: House, browser: Browser) -> None:
    order = an_order(house)
    pay(order)
    work()
    mail = last_mail(order)
    client = browser(house.owner)
    page = client.get(f"/customers/{order.customer.uid}").text
    assert f'action="/mails/{mail.uid}/sending"' in page
    assert again(client, mail) == 303
    work()
    (copy,) = copies(mail)
    assert (copy.state, copy.recipient, copy.body) == (MailState.SENT, mail.recipient, mail.body)
    assert (copy.attachments, copy.kind, copy.subject_uid) == (mail.attachments, mail.kind, order.uid)
    assert copy.message_id != mail.message_id
    (entry,) = timeline(mail)
    assert (entry.what, entry.by_label, entry.details["mail"]) == ("send_again", house.owner.name, copy.uid)


@pytest.mark.parametrize(("role", "status"), [("operator", 303), ("finance", 303), ("owner", 303)])
def test_who_may_send_again(
    house: House, browser: Browser, customer: Customer, role: str, status: int
) -> None:
    assert again(browser(getattr(house, role)), a_mail(customer)) == status


@pytest.mark.parametrize("role", ["technician", "sales", "support", "reader"])
def test_who_may_not(house: House, browser: Browser, customer: Customer, role: str) -> None:
    mail = a_mail(customer)
    client = browser(getattr(house, role))
    assert again(client, mail) == 403
    assert f"/mails/{mail.uid}/sending" not in client.get(f"/customers/{customer.uid}").text
    assert copies(mail) == []


def test_another_resellers_mail_does_not_exist(house: House, browser: Browser, customer: Customer) -> None:
    mail = a_mail(customer)
    outsider = browser(an_outsider(house))
    assert (again(outsider, mail), outsider.get(f"/mails/{mail.uid}").status_code) == (404, 404)
    assert mail.subject not in outsider.get("/mails").text
    assert copies(mail) == []


def test_three_times_a_day_copies_included(
    house: House, browser: Browser, customer: Customer, at: At
) -> None:
    mail, client = a_mail(customer), browser(house.owner)
    assert [again(client, mail) for _ in range(2)] == [303, 303]
    work()
    copy = copies(mail)[0]
    assert again(client, copy) == 303, "a copy counts with the mail that it repeats"
    for each in (mail, copy):
        assert again(client, each) == 422
    assert len(copies(mail)) == 3
    assert "trois fois" in client.get(f"/mails/{mail.uid}").text
    at(MONDAY + timedelta(hours=24))
    assert again(browser(house.owner), mail) == 303


def test_a_mail_that_waits_is_not_sent_twice(house: House, browser: Browser, customer: Customer) -> None:
    mail = queue_mail(
        "a@b.example", "mails/erased.txt", about=customer, owner=customer.organisation, case={"vault": {}}
    )
    db.session.commit()
    assert again(browser(house.owner), mail) == 422


@pytest.mark.parametrize("kind", sorted(name for name, kind in KINDS.items() if kind.once))
def test_neither_codes_nor_personal_links_leave_again(
    house: House, browser: Browser, customer: Customer, kind: str
) -> None:
    mail = a_mail(customer)
    mail.kind = kind
    db.session.commit()
    client = browser(house.owner)
    assert again(client, mail) == 422
    page = client.get(f"/mails/{mail.uid}").text
    assert ("porte un code" if KINDS[kind].is_code else "porte un lien personnel") in page
    assert f'action="/mails/{mail.uid}/sending"' not in page
    assert copies(mail) == []


def test_a_refused_signing_link_goes_to_the_same_address_only(house: House, browser: Browser) -> None:
    mandate, token = a_mandate(house)
    mail = last_mail(mandate)
    mail.state, mail.server_answer = MailState.REFUSED, "550 no"
    mandate.customer.contact(ContactRole.SIGNATORY).email = "nouvelle@client.example"
    db.session.commit()
    client = browser(house.owner)
    assert again(client, mail, to="nouvelle@client.example") == 422
    assert again(client, mail, to=mail.recipient) == 303
    assert stored(mail).state == MailState.QUEUED and token in mail.body
    assert copies(mail) == []


def test_it_goes_to_the_present_address_of_the_same_contact(
    house: House, browser: Browser, customer: Customer
) -> None:
    mail = a_mail(customer, to="ancienne@client.example")
    client = browser(house.owner)
    page = client.get(f"/mails/{mail.uid}").text
    for address in ("ancienne@client.example", "contact@client.example"):
        assert f'value="{address}"' in page
    assert again(client, mail, to="contact@client.example") == 303
    assert again(client, mail, to="ancienne@client.example") == 303
    assert again(client, mail, to="moi@evil.example") == 404
    assert [copy.recipient for copy in copies(mail)] == ["contact@client.example", "ancienne@client.example"]


def test_a_mail_whose_task_was_cleared_away_still_leaves(
    house: House, browser: Browser, customer: Customer
) -> None:
    mail = a_mail(customer)
    mail.state = MailState.GIVEN_UP
    db.session.execute(db.delete(Task).where(Task.ref == mail.uid))
    db.session.commit()
    assert again(browser(house.owner), mail) == 303
    work()
    set_scope(EVERYTHING)
    assert stored(mail).state == MailState.SENT


# The list and the panel


def test_the_customers_page_has_the_mails_about_all_her_records(house: House, browser: Browser) -> None:
    order = an_order(house)
    pay(order)
    other = a_mail(a_customer(house.reseller, name="Autre", siren=None))
    work()
    set_scope(EVERYTHING)
    subjects = [
        mail.subject for mail in db.session.scalars(db.select(Mail).where(Mail.subject_uid == order.uid))
    ]
    page = browser(house.owner).get(f"/customers/{order.customer.uid}").text
    assert len(subjects) == 2 and all(subject in page for subject in subjects)
    assert other.uid not in page


def test_a_refused_mail_has_the_words_of_the_relay(
    house: House, browser: Browser, customer: Customer
) -> None:
    mail = a_mail(customer)
    mail.state, mail.server_answer = MailState.REFUSED, "550 5.1.1 No such user"
    db.session.commit()
    client = browser(house.owner)
    for address in (
        f"/customers/{customer.uid}",
        "/mails?state=refused",
        "/mails?state=failed",
        f"/mails/{mail.uid}",
    ):
        page = client.get(address).text
        assert "550 5.1.1 No such user" in page and "refusé par le serveur" in page, address
    assert mail.uid not in client.get("/mails?state=sent").text


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ("q=contact@client.example", {"first"}),
        ("q=CONTACT@client.example", {"first"}),
        ("q=contact@client", set()),
        ("q=Autre", {"second"}),
        ("kind=mails/erased", {"first", "second"}),
        ("kind=sepa/mail_sign", set()),
        ("customer={second}", {"second"}),
        ("written_from=2026-11-24", set()),
    ],
)
def test_mails_are_found(
    house: House, browser: Browser, customer: Customer, wish: str, found: set[str]
) -> None:
    second = a_customer(house.reseller, name="Autre", siren=None)
    mails = {"first": a_mail(customer), "second": a_mail(second, to="b@autre.example")}
    page = browser(house.owner).get(f"/mails?{wish.format(second=second.uid)}").text
    assert {name for name, mail in mails.items() if f"/mails/{mail.uid}" in page} == found


def test_what_colleagues_are_told_is_no_mail_of_the_customer(house: House, browser: Browser) -> None:
    mandate, _token = a_mandate(house)
    mail = last_mail(mandate)
    mail.kind = "sepa/mail_lapse"
    db.session.commit()
    assert mail.uid not in browser(house.owner).get(f"/customers/{mandate.customer.uid}").text


def test_the_support_reads_no_list_of_mails(house: House, browser: Browser, customer: Customer) -> None:
    mail = a_mail(customer)
    client = browser(house.support)
    assert [client.get(path).status_code for path in ("/mails", f"/mails/{mail.uid}")] == [403, 403]
    assert browser(house.technician).get(f"/mails/{mail.uid}").status_code == 200


# The day


def waiting(client: FlaskClient) -> list[object]:
    lines = client.get("/today.json").get_json()["todo"]
    return [line["url"].rpartition("/")[2] for line in lines if line["kind"] == "mail.refused"]


def test_a_refused_mail_waits_for_the_owner_until_its_words_went_elsewhere(
    house: House, browser: Browser, customer: Customer, at: At
) -> None:
    mail, code = a_mail(customer, to="ancienne@client.example"), a_mail(customer, "mails/fetch_code")
    for each in (mail, code):
        each.state = MailState.REFUSED
    db.session.commit()
    client = browser(house.owner)
    assert waiting(client) == [mail.uid]
    assert waiting(browser(an_outsider(house))) == waiting(browser(house.support)) == []
    at(MONDAY + timedelta(days=30))
    assert waiting(browser(house.owner)) == []
    at(MONDAY)
    assert again(client, mail, to="contact@client.example") == 303
    assert waiting(client) == []
    (copy,) = copies(mail)
    copy.state = MailState.REFUSED
    db.session.commit()
    assert waiting(client) == [mail.uid], "that address was wrong too"
