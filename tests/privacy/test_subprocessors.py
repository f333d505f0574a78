"""Sub-processors: announced before they take part, with the list, to whoever the contracts name."""

from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.privacy.jobs import change_subprocessors
from portal.privacy.subprocessor_acts import TELL, announce, make_effective
from portal.privacy.subprocessors import Objection, SubProcessor, SubProcessorChange
from tests.availability.builders import a_cloud
from tests.builders import a_user, stored, work
from tests.contracts.builders import dropcloud
from tests.privacy.builders import a_change, a_processor

PARIS = ZoneInfo("Europe/Paris")
ROOM = "/privacy/sub-processors"
TYPED = {"name": "Nuage GmbH", "country": "DE", "purpose": "S3", "covers_numspot": "y", "replaces": ""}
DAYS = {"effective_on": "2026-12-31", "object_until": "2026-12-20"}


def noon(*day: int) -> datetime:
    return datetime(*day, 12, tzinfo=PARIS)


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"privacy/{kind}").order_by(Mail.id)))


def the_day() -> None:
    set_scope(EVERYTHING)
    change_subprocessors()
    work()
    set_scope(EVERYTHING)


def test_003_56_a_sub_processor_takes_part_on_its_day_after_the_customer_has_read_the_list(
    house, browser, at
):
    customer = a_cloud(house).customer
    at(noon(2026, 11, 30))
    old = a_processor(house.provider)
    client = browser(house.operator)
    late = client.post(f"{ROOM}/changes", data={**TYPED, **DAYS, "effective_on": "2026-11-30"})
    assert late.status_code == 422 and "au plus tôt demain" in late.text
    page = client.post(f"{ROOM}/changes", data={**TYPED, **DAYS, "replaces": old.uid}).location
    assert not mails("mail_subprocessor")  # nothing left yet
    assert client.post(f"{page}/announcement").status_code == 303
    work()
    (mail,) = mails("mail_subprocessor")
    assert mail.recipient == customer.contact("signatory").email and mail.sent_at is not None
    assert "003-56" in mail.body and "Nuage GmbH" in mail.body and "31 décembre 2026" in unescape(mail.body)
    assert "Hébergeur SA : " not in mail.body.split("La liste sera alors")[1]  # it is replaced
    early = client.post(f"{page}/effect")
    assert early.status_code == 422 and "plus tôt" in early.text
    at(noon(2026, 12, 30))
    the_day()
    (change,) = db.session.scalars(select(SubProcessorChange))
    assert change.state == "sub_change_told"
    at(noon(2026, 12, 31))
    the_day()
    assert stored(change).state == "sub_change_effective"
    assert stored(old).until_on == date(2026, 12, 31)
    public = browser(house.operator).get("/sub-processors").text
    assert "Nuage GmbH" in public and "Hébergeur SA" not in public
    assert len(mails("mail_subprocessor")) == 1


def test_001_19_the_law_tells_where_the_contract_is_silent_and_others_read_nothing(house, browser, at):
    mine, other = dropcloud(house).customer, a_cloud(house, name="Autre", siren=None).customer
    at(noon(2026, 11, 30))
    change = a_change(house.provider, "dropcloud")
    page = f"{ROOM}/changes/{change.uid}"
    assert browser(house.operator).post(f"{page}/announcement").status_code == 303
    work()
    (mail,) = mails("mail_subprocessor")
    assert mail.organisation_id == mine.organisation_id and "L8" in mail.body
    shown = browser(house.operator).get(page).text
    assert mine.name in shown and other.name not in shown
    assert browser(house.owner).get(page).status_code == 403


def test_a_customer_objects_from_her_space_and_the_change_waits_for_the_answer(house, browser, at):
    subscription = a_cloud(house)
    customer = subscription.customer
    at(noon(2026, 11, 30))
    signs = a_user(customer.organisation, Role.SIGNATORY, "Léa Roux")
    books = a_user(customer.organisation, Role.BILLING, "Max")
    db.session.commit()
    change = a_change(house.provider)
    address = f"/my-sub-processors/{change.uid}/objection"
    before = browser(signs).post(address, data={"words": "Trop tôt"})
    assert before.status_code == 404  # nobody was told of it
    announce(change, by=SYSTEM)
    work()
    at(noon(2026, 12, 20))  # the last day
    hers = browser(signs)
    assert "Nuage GmbH" in hers.get(f"/subscriptions/{subscription.uid}").text
    assert "20 décembre 2026" in hers.get("/my-sub-processors").text
    assert hers.post(address, data={"words": ""}).status_code == 422
    assert browser(books).post(address, data={"words": "Non"}).status_code == 403
    assert hers.post(address, data={"words": "Hors de France"}).status_code == 303
    assert hers.post(address, data={"words": "Encore"}).status_code == 422
    at(noon(2026, 12, 30))
    the_day()
    assert stored(change).state == "sub_change_told"  # its day came, the objection waits
    client = browser(house.operator)
    kinds = [each["kind"] for each in client.get("/today.json").json["todo"]]
    assert {"privacy.objection", "privacy.change_stuck"} <= set(kinds)
    assert "attend sa réponse" in client.post(f"{ROOM}/changes/{change.uid}/effect").text
    set_scope(EVERYTHING)
    (objection,) = db.session.scalars(select(Objection))
    answer = f"{ROOM}/objections/{objection.uid}/answer"
    assert client.post(answer, data={"decision": "rejected"}).status_code == 422
    assert client.post(answer, data={"decision": "rejected", "answer": "Chiffré."}).status_code == 303
    assert client.post(answer, data={"decision": "granted", "answer": "Non."}).status_code == 409
    (mail,) = mails("mail_objection")
    assert "Chiffré." in mail.body and "ne prévoit pas de fin" in mail.body
    assert client.post(f"{ROOM}/changes/{change.uid}/effect").status_code == 303
    assert stored(change).state == "sub_change_effective"


def test_the_desk_enters_an_objection_of_its_day_and_none_that_is_late(house, browser, at):
    customer = a_cloud(house).customer
    at(noon(2026, 11, 30))
    change = a_change(house.provider)
    announce(change, by=SYSTEM)
    work()
    at(noon(2026, 12, 21))
    client, address = browser(house.operator), f"{ROOM}/changes/{change.uid}/objections"
    typed = {"customer": customer.name, "words": "Par lettre", "received_on": "2026-12-21"}
    assert "est passé" in client.post(address, data=typed).text
    assert client.post(address, data={**typed, "received_on": "2026-12-20"}).status_code == 303
    stranger = dropcloud(house, name="Étranger", siren=None).customer
    refused = client.post(address, data={**typed, "customer": stranger.name, "received_on": "2026-12-20"})
    assert refused.status_code == 422 and "ne concerne pas" in refused.text


def test_a_change_waits_while_a_mail_has_not_left_and_a_later_customer_is_told_too(house, at):
    a_cloud(house)
    at(noon(2026, 11, 30))
    change = a_change(house.provider)
    announce(change, by=SYSTEM)
    db.session.commit()
    task = db.session.scalars(select(jobs.Task).where(jobs.Task.kind == TELL)).one()
    task.state = jobs.TaskState.DONE  # as if nobody had been written to
    db.session.commit()
    at(noon(2026, 12, 30))
    the_day()  # the mail leaves today only: too late
    assert stored(change).state == "sub_change_told" and len(mails("mail_subprocessor")) == 1
    with pytest.raises(Exception, match="avant d'avoir lieu"):
        make_effective(change, by=SYSTEM)


def test_one_that_took_part_before_the_register_says_how_customers_knew(house, browser, at):
    at(noon(2026, 11, 30))
    client = browser(house.operator)
    typed = {**TYPED, "since_on": "2025-02-01", "told_on": "2025-02-01", "told_how": "Lettre"}
    assert "avant d'avoir lieu" in unescape(client.post(ROOM, data=typed).text)
    assert client.post(ROOM, data={**typed, "told_on": "2025-01-15"}).status_code == 303
    set_scope(EVERYTHING)
    (row,) = db.session.scalars(select(SubProcessor))
    assert client.post(f"{ROOM}/{row.uid}/end", data={"until_on": "2026-12-01"}).status_code == 303
    at(noon(2026, 12, 1))
    assert "Nuage GmbH" not in browser(house.operator).get("/sub-processors").text
