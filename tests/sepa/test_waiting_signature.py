"""Between the link and the signature: reminders, and the person who may sign in another's place."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa.mandates.jobs import remind_signatories
from portal.sepa.models import Mandate
from tests.builders import House, a_customer, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import VISITOR, a_mandate, code_in_mail, go_to_code, last_mail

PERSON = {"name": "Dominique Martin", "role": "présidente", "email": "Direction@client.example"}


def run_on_day(at, day: float) -> None:
    at(MONDAY + timedelta(days=day))
    remind_signatories()
    work()


def reminded(mandate: Mandate) -> list[int]:
    return [row.event["day"] for row in stored(mandate).events if row.event["what"] == "rappel envoyé"]


def test_a_silent_signatory_is_reminded_on_days_3_7_and_12(house: House, at, browser) -> None:
    mandate, token = a_mandate(house)
    told = {}
    for day in range(14):
        run_on_day(at, day)
        run_on_day(at, day + 0.1)
        told[day] = reminded(mandate)
    assert (told[2], told[3], told[6], told[7], told[11], told[12]) == (
        [],
        [3],
        [3],
        [3, 7],
        [3, 7],
        [3, 7, 12],
    )
    run_on_day(at, 20)  # the link is dead
    assert reminded(mandate) == [3, 7, 12]
    mail = last_mail(mandate)
    assert mail.subject.startswith("Rappel")
    assert f"/sign/{token}" in mail.body  # the very link that was sent: no other one is made
    assert mandate.broken_link() is None
    assert mail.message_id == mandate.events[-1].event["message_id"]


def test_after_a_pause_of_the_worker_one_reminder_leaves(house: House, at) -> None:
    mandate, _token = a_mandate(house)
    run_on_day(at, 8)
    assert reminded(mandate) == [7]


@pytest.mark.parametrize("end", ["sign", "refuse", "revoke"])
def test_no_reminder_once_it_is_decided(house: House, at, browser, end: str) -> None:
    mandate, token = a_mandate(house)
    if end == "sign":
        phone = browser()
        go_to_code(phone, token)
        phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    elif end == "refuse":
        mandate.refuse("non", by=SYSTEM, visitor=VISITOR)
    else:
        mandate.revoke(received_on=clock.today(), notice_months=0, by=SYSTEM)
    db.session.commit()
    run_on_day(at, 3)
    assert reminded(mandate) == []


def test_a_new_link_counts_its_own_days(house: House, at) -> None:
    mandate, _token = a_mandate(house)
    at(MONDAY + timedelta(days=2))
    again = stored(mandate).resend(by=SYSTEM)
    db.session.commit()
    run_on_day(at, 3)
    assert reminded(mandate) == []
    run_on_day(at, 5)
    assert reminded(mandate) == [3]
    assert f"/sign/{again}" in last_mail(mandate).body


def hand_on(client: FlaskClient, mandate: Mandate, token: str, **changes: str) -> Any:
    """The answer to the code, once the person is named."""
    answer = client.post(f"/sign/{token}/delegation", data=PERSON | changes)
    if answer.status_code != 303:
        return answer
    return client.post(answer.location, data={"code": code_in_mail(mandate)})


def test_a_forwarded_link_alone_hands_nothing_on(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    thief = browser()
    outsider = PERSON | {"email": "voleur@ailleurs.example"}
    answer = thief.post(f"/sign/{token}/delegation", data=outsider)
    assert (answer.status_code, answer.location) == (303, f"/sign/{token}/delegation/code")
    page = thief.get(answer.location)
    assert "c•••@client.example" in page.text and "voleur@" not in page.text
    mail = last_mail(mandate)
    assert mail.recipient == "contact@client.example" and "voleur@ailleurs.example" in mail.body
    for wrong in ("000000", "", "abc"):
        assert thief.post(answer.location, data={"code": wrong}).status_code in (303, 422)
    assert stored(mandate).link.recipient == "contact@client.example"
    assert browser().get(f"/sign/{token}").status_code == 200
    set_scope(EVERYTHING)
    assert set(db.session.scalars(select(Mail.recipient))) == {"contact@client.example"}


def test_the_code_for_handing_on_signs_nothing_and_the_other_way_round(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    phone.post(f"/sign/{token}/delegation", data=PERSON)
    answer = phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    assert (answer.location, stored(mandate).state) == (f"/sign/{token}/mandate", "sent")
    phone.post(f"/sign/{token}/code/again")
    answer = phone.post(f"/sign/{token}/delegation/code", data={"code": code_in_mail(mandate)})
    assert answer.location == f"/sign/{token}/delegation"
    assert stored(mandate).link.recipient == "contact@client.example"


def test_everybody_is_told_who_will_sign(house: House, browser) -> None:
    customer = a_customer(house.reseller)
    customer.contact(ContactRole.BILLING).email = "compta@client.example"
    mandate, token = a_mandate(house, customer)
    hand_on(browser(), mandate, token)
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.subject_uid == mandate.uid, Mail.subject.contains("une autre personne"))
    told = {mail.recipient: mail.body for mail in db.session.scalars(query)}
    assert set(told) == {"contact@client.example", "compta@client.example"}
    assert all("Dominique Martin, présidente, d•••@client.example" in body for body in told.values())


def test_the_person_who_may_sign_gets_her_own_link_and_code(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    assert "Une autre personne doit signer" in phone.get(f"/sign/{token}").text
    assert phone.get(f"/sign/{token}/delegation").status_code == 200
    answer = hand_on(phone, mandate, token)
    assert answer.status_code == 200 and "d•••@client.example" in answer.text
    assert browser().get(f"/sign/{token}").status_code == 410
    assert phone.post(f"/sign/{token}/delegation", data=PERSON).status_code == 410
    mail = last_mail(mandate)
    assert mail.recipient == "direction@client.example"
    assert "contact@client.example indique que vous avez le pouvoir" in mail.body
    new = mail.body.split("/sign/")[1].split()[0]
    hers = browser()
    go_to_code(hers, new)
    code = last_mail(mandate)
    assert code.recipient == "direction@client.example"
    hers.post(f"/sign/{new}/signature", data={"code": code_in_mail(mandate)})
    assert (stored(mandate).state, mandate.signer_email) == ("signed", "direction@client.example")
    trace = next(row.event for row in mandate.events if row.event["what"] == "transmis à une autre personne")
    assert (trace["sender"], trace["to"]) == ("c•••@client.example", "d•••@client.example")
    assert (trace["name"], trace["role"], trace["ip"]) == ("Dominique Martin", "présidente", "127.0.0.1")
    assert mandate.broken_link() is None


def test_a_code_on_its_way_dies_with_the_link(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    code = code_in_mail(mandate)
    hand_on(phone, mandate, token)
    assert phone.post(f"/sign/{token}/signature", data={"code": code}).status_code == 410
    assert stored(mandate).state == "sent"
    assert mandate.signer_name is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"role": ""},
        {"email": ""},
        {"email": "personne"},
        {"email": "contact@client.example"},
        {"name": "日本"},
        {"email": "a@b.example\nBcc: c@d.example"},
    ],
)
def test_an_incomplete_person_is_refused_next_to_the_field(house, browser, changes) -> None:
    mandate, token = a_mandate(house)
    answer = browser().post(f"/sign/{token}/delegation", data=PERSON | changes)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert stored(mandate).link.recipient == "contact@client.example"


def test_a_link_is_handed_on_three_times_at_most(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    for number in range(4):
        answer = hand_on(browser(), mandate, token, email=f"p{number}@client.example")
        assert answer.status_code == (200 if number < 3 else 422)
        if number < 3:
            token = last_mail(mandate).body.split("/sign/")[1].split()[0]
    set_scope(EVERYTHING)
    recipients = set(db.session.scalars(select(Mail.recipient)))
    assert recipients == {"contact@client.example", *(f"p{n}@client.example" for n in range(3))}


def test_a_decided_mandate_is_handed_to_nobody(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    mandate.refuse("non", by=SYSTEM, visitor=VISITOR)
    assert browser().get(f"/sign/{token}/delegation").status_code == 200
    assert browser().post(f"/sign/{token}/delegation/code", data={"code": "1"}).status_code == 409
    assert browser().post(f"/sign/{token}/delegation", data=PERSON).status_code == 409
