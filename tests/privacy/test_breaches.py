"""A breach is told within the hours and by the channels of each contract, and closed with its log."""

from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.papers import have_document
from portal.privacy.models import Breach, BreachNotice
from portal.privacy.telling import told_of
from tests.availability.builders import a_cloud
from tests.builders import an_outsider, stored, work
from tests.contracts.builders import dropcloud
from tests.privacy.builders import WRITTEN, a_breach

PARIS = ZoneInfo("Europe/Paris")
KNOWN = datetime(2026, 11, 20, 9, 0, tzinfo=PARIS)


def breaches() -> list[Breach]:
    return list(db.session.scalars(select(Breach).order_by(Breach.id)))


def mails() -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == "privacy/mail_breach").order_by(Mail.id)))


def _another(house) -> Customer:
    return dropcloud(house, name="Autre", siren=None).customer


def opened(client, known_at: str = "2026-11-20T09:00"):
    return client.post("/privacy/breaches", data={"name": "Serveur lu", "known_at": known_at})


def test_001_40_a_breach_is_told_by_mail_and_by_phone_within_48_hours(house, browser, at):
    customer = dropcloud(house).customer
    at(KNOWN + timedelta(hours=1))
    client = browser(house.operator)
    page = f"/privacy/breaches/{opened(client).location.rpartition('/')[2]}"
    assert (
        client.post(f"{page}/customers", data={"through": "customer", "name": customer.name}).status_code
        == 303
    )
    shown = client.get(page).text
    assert "001-40" in shown and "22 novembre 2026, 09:00" in unescape(shown)  # 48 hours after
    refused = client.post(f"{page}/notice")
    assert refused.status_code == 422 and "quatre parties" in refused.text and mails() == []
    assert client.post(f"{page}/parts", data=WRITTEN).status_code == 303
    assert client.post(f"{page}/notice").status_code == 303
    work()
    (mail,) = mails()
    assert mail.sent_at and mail.recipient == customer.contact("incident").email
    assert all(text in unescape(mail.body) for text in WRITTEN.values())
    set_scope(EVERYTHING)
    assert told_of(breaches()[0])[0].missing == ["phone"]
    call = {"customer": customer.uid, "called_at": "2026-11-20T10:00", "spoken_with": "Mme Roux"}
    assert client.post(f"{page}/calls", data=call).status_code == 303  # nobody was reached
    early = client.post(f"{page}/calls", data={**call, "called_at": "2026-11-20T08:59", "reached": "y"})
    assert early.status_code == 422 and "précède la découverte" in early.text
    set_scope(EVERYTHING)
    assert told_of(breaches()[0])[0].missing == ["phone"]
    at(KNOWN + timedelta(hours=48, minutes=5))
    client = browser(house.operator)
    assert "dépassé" in client.get(page).text
    late = {**call, "called_at": "2026-11-22T09:04", "reached": "y"}
    assert client.post(f"{page}/calls", data=late).status_code == 303
    set_scope(EVERYTHING)
    row = told_of(breaches()[0])[0]
    assert row.missing == [] and row.look == "breach_clock_missed"  # by four minutes
    assert row.late == ["phone"] and "En retard" in client.get(page).text


def test_003_58_a_breach_is_told_by_mail_alone_and_what_is_known_later_follows(house, browser, at):
    customer = a_cloud(house).customer
    at(KNOWN + timedelta(hours=1))
    breach = a_breach(house.provider, customer, KNOWN)
    client, page = browser(house.operator), f"/privacy/breaches/{breach.uid}"
    assert "003-58" in client.get(page).text
    assert client.post(f"{page}/notice").status_code == 303
    work()
    again = client.post(f"{page}/notice")
    assert again.status_code == 422 and "exactement ces mots" in again.text
    more = {**WRITTEN, "consequences": "C: Quarante"}
    assert client.post(f"{page}/parts", data=more).status_code == 303
    assert client.post(f"{page}/notice").status_code == 303
    work()
    first, second = mails()
    assert "n° 1" in first.subject and "n° 2" in second.subject
    assert "Quarante" in unescape(second.body) and "Quarante" not in unescape(first.body)
    set_scope(EVERYTHING)
    row = told_of(stored(breach))[0]
    assert row.missing == [] and row.look == "breach_clock_kept"
    assert row.duty.channels == ("email",)


def test_who_is_added_later_alone_reads_the_same_notice(house, browser, at):
    at(KNOWN + timedelta(hours=1))
    breach, other = a_breach(house.provider, a_cloud(house).customer, KNOWN), _another(house)
    client, page = browser(house.operator), f"/privacy/breaches/{breach.uid}"
    client.post(f"{page}/notice")
    work()
    wanted = {"through": "house", "name": house.reseller.name}
    assert client.post(f"{page}/customers", data=wanted).status_code == 303
    twice = client.post(f"{page}/customers", data=wanted)
    assert twice.status_code == 422 and "déjà" in twice.text
    assert client.post(f"{page}/notice").status_code == 303
    work()
    assert [mail.recipient for mail in mails()][1:] == [other.contact("incident").email]
    assert db.session.scalar(select(db.func.count(BreachNotice.id))) == 2


def test_it_is_closed_once_with_what_is_missing_said_and_its_log_is_sealed(house, browser, at):
    customer = dropcloud(house).customer
    at(KNOWN + timedelta(hours=1))
    breach = a_breach(house.provider, customer, KNOWN)
    client, page = browser(house.operator), f"/privacy/breaches/{breach.uid}"
    assert client.post(f"{page}/closing", data={"why": "x"}).status_code in (409, 422)  # nobody was told
    client.post(f"{page}/notice")
    work()
    missing = client.post(f"{page}/closing")
    assert missing.status_code == 422 and "tous les canaux" in missing.text
    silent = client.post(f"{page}/closing", data={"why": "Injoignable, trois essais."})
    assert silent.status_code == 422 and "autorité" in silent.text
    late = {"at": "2026-11-23T09:01", "reference": "CNIL-1"}
    at(KNOWN + timedelta(hours=73))
    client = browser(house.operator)
    refused = client.post(f"{page}/authority", data=late)
    assert refused.status_code == 422 and "motifs" in refused.text
    assert client.post(f"{page}/authority", data={**late, "at": "2026-11-23T09:00"}).status_code == 303
    assert client.post(f"{page}/closing", data={"why": "Injoignable, trois essais."}).status_code == 303
    row = stored(breach)
    assert row.state == "breach_closed" and row.document
    have_document(row.document)
    sealed = client.get(f"/documents/{row.document.uid}").data
    assert sealed.startswith(b"%PDF") and b"/ByteRange" in sealed
    for act in ("closing", "drop", "notice", "parts", "authority"):
        assert client.post(f"{page}/{act}", data={"why": "x", **WRITTEN}).status_code == 422
    assert client.get(page).status_code == 200


def test_a_decision_not_to_tell_has_a_reason(house, browser, at):
    at(KNOWN + timedelta(hours=1))
    breach = a_breach(house.provider, a_cloud(house).customer, KNOWN)
    client, page = browser(house.operator), f"/privacy/breaches/{breach.uid}"
    assert client.post(f"{page}/drop").status_code == 422
    assert client.post(f"{page}/drop", data={"why": "Données chiffrées, clé intacte."}).status_code == 303
    assert stored(breach).document is not None and mails() == []


@pytest.mark.parametrize(
    ("known_at", "authority"),
    [
        ("2027-03-27T10:00", "2027-03-30T11:00"),  # clocks go forward on the 28th
        ("2026-10-24T10:00", "2026-10-27T09:00"),  # and back on the 25th
    ],
)
def test_hours_run_by_the_clock_when_paris_changes_its_hour(house, browser, at, known_at, authority):
    at(datetime.fromisoformat(known_at).replace(tzinfo=PARIS) + timedelta(hours=1))
    opened(browser(house.operator), known_at)
    set_scope(EVERYTHING)
    (row,) = breaches()
    assert row.authority_due_at.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") == authority


def test_an_hour_that_paris_skips_is_refused_and_one_that_comes_twice_is_the_first(house, browser, at):
    at(datetime(2027, 4, 1, 9, tzinfo=UTC))
    client = browser(house.operator)
    skipped = opened(client, "2027-03-28T02:30")
    assert skipped.status_code == 422 and "existe pas" in unescape(skipped.text)
    assert opened(client, "2027-05-01T09:00").status_code == 422  # to come
    assert opened(client, "hier").status_code == 422 and breaches() == []
    assert opened(client, "2026-10-25T02:30").status_code == 303
    set_scope(EVERYTHING)
    assert breaches()[0].known_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_is_pressing_stands_in_the_work_of_today(house, browser, at):
    at(KNOWN + timedelta(hours=40))
    breach = a_breach(house.provider, dropcloud(house).customer, KNOWN)
    client = browser(house.operator)
    (line,) = [each for each in client.get("/today.json").json["todo"] if each["kind"] == "privacy.breach"]
    assert "à notifier" in line["what"]
    assert "bientôt" in client.get(f"/privacy/breaches/{breach.uid}").text
    at(KNOWN + timedelta(hours=49))
    assert "délai dépassé" in browser(house.operator).get("/today.json").json["todo"][0]["what"]


def test_a_mail_that_did_not_leave_is_no_notice(house, at):
    at(KNOWN + timedelta(hours=1))
    breach = a_breach(house.provider, a_cloud(house).customer, KNOWN)
    assert told_of(breach)[0].missing == ["email"]


def test_nobody_else_reads_it(house, browser, at):
    breach = a_breach(house.provider, a_cloud(house).customer)
    page = f"/privacy/breaches/{breach.uid}"
    assert browser(house.owner).get(page).status_code == 403
    assert browser(an_outsider(house)).get(page).status_code == 403
    assert browser(house.finance).post(f"{page}/notice").status_code == 403
