"""Between the link and the signature: reminders, and the person who may sign in another's place."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa.mandates.jobs import remind_signatories
from portal.sepa.models import Mandate
from tests.builders import House, stored, work
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


def test_the_person_who_may_sign_gets_her_own_link_and_code(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    assert "Une autre personne doit signer" in phone.get(f"/sign/{token}").text
    assert phone.get(f"/sign/{token}/delegation").status_code == 200
    answer = phone.post(f"/sign/{token}/delegation", data=PERSON)
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
    phone.post(f"/sign/{token}/delegation", data=PERSON)
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
        person = PERSON | {"email": f"p{number}@client.example"}
        answer = browser().post(f"/sign/{token}/delegation", data=person)
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
    assert browser().post(f"/sign/{token}/delegation", data=PERSON).status_code == 409
