"""The mailbox of tickets over real IMAP and SMTP: what is written to it becomes tickets, once."""

import smtplib
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select

from portal.db import EVERYTHING, db, set_scope
from portal.jobs import find_task
from portal.jobs.claims import ORDERS
from portal.tickets.incoming import LARGEST
from portal.tickets.mailbox import FETCH, THE_MAILBOX, ask_mailbox, mailbox_state
from portal.tickets.models import Ticket, TicketMessage, TicketState
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.imap_server import an_imap_server
from tests.relay import a_relay
from tests.tickets.opening import a_contract, a_mail, the_ticket, tick

HERS, OURS = "contact@client.example", "tickets@portal.example"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def imap(app, monkeypatch):
    with an_imap_server() as server:
        monkeypatch.setitem(app.config, "IMAP_URL", f"imap://tickets@127.0.0.1:{server.port}/INBOX")
        monkeypatch.setitem(app.config, "IMAP_SECONDS", 2.0)
        monkeypatch.setenv("IMAP_PASSWORD", "right")
        ORDERS.forget_pauses()
        yield server


def read() -> None:
    """The duty of this minute, and the worker."""
    ask_mailbox()
    work()
    set_scope(EVERYTHING)


def count(model) -> int:
    return db.session.scalar(select(func.count(model.id)))


def test_a_ticket_is_opened_answered_closed_and_contested_by_mail_alone(
    app, house, browser, at, imap, monkeypatch
):
    subscription, _user = a_contract(house, "dobaas")
    monkeypatch.setitem(app.config, "TICKET_ADDRESS", OURS)
    monkeypatch.setitem(app.config, "IMAP_DONE", "Done")
    with a_relay(enable_SMTPUTF8=True) as relay:
        monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{relay.port}")

        def sends(message: EmailMessage) -> None:
            """From her program to the relay, which brings it to the mailbox; then the worker's minute."""
            with smtplib.SMTP("127.0.0.1", relay.port) as there:
                there.send_message(message, to_addrs=[OURS])
            for envelope in [each for each in relay.received if each.rcpt_tos == [OURS]]:
                imap.deliver(envelope.content)
                relay.received.remove(envelope)
            tick()
            work()

        def got(word: str) -> EmailMessage:
            work()
            return [
                m for m in relay.messages if m["To"].addresses[0].addr_spec == HERS and word in m["Subject"]
            ][-1]

        def answers(message: EmailMessage, text: str, number: str) -> EmailMessage:
            head = {"message_id": number, "In_Reply_To": message["Message-ID"]}
            return a_mail(HERS, f"Re: {message['Subject']}", text, **head)

        sends(a_mail(f"Camille <{HERS}>", "Plus d'accès", "Le service est coupé."))
        row = the_ticket()
        assert row.state == TicketState.OPEN and imap.folders["INBOX"] == []
        at(MONDAY + 5 * MINUTE)
        staff, page = browser(house.support), f"/tickets/{row.uid}"
        staff.post(f"{page}/answers", data={"text": "Quelle machine ?"})
        staff.post(f"{page}/subscription", data={"subscription": subscription.uid})
        staff.post(f"{page}/grade", data={"kind": "incident", "severity": "1"})
        asked = got(row.number)
        assert asked["Reply-To"].addresses[0].addr_spec == OURS
        sends(answers(asked, "La machine A.", "<two@client.example>"))
        assert [m.text for m in stored(row).messages][1:] == ["Quelle machine ?", "La machine A."]
        at(MONDAY + 10 * MINUTE)
        solved = {"solution": "Disque remplacé.", "told": "mail"}
        assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=solved).status_code == 303
        at(MONDAY + 15 * MINUTE)
        sends(answers(got(row.number), "La machine A reste coupée.", "<three@client.example>"))
        assert stored(row).state == TicketState.CONTESTED
        at(MONDAY + 20 * MINUTE)
        assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=solved).status_code == 303
        assert stored(row).state == TicketState.CLOSED and count(Ticket) == 1
    assert len(imap.folders["Done"]) == 3


def test_a_message_whose_mark_did_not_arrive_counts_once(house, imap):
    a_contract(house, "dobaas")
    message = imap.deliver(a_mail(HERS, "En panne").as_bytes())
    imap.drops = {"UID STORE"}
    read()
    assert count(TicketMessage) == 1 and message.flags == set()
    assert "IMAP" not in find_task(FETCH, THE_MAILBOX).error and find_task(FETCH, THE_MAILBOX).error
    imap.drops = set()
    find_task(FETCH, THE_MAILBOX).not_before = 0
    read()
    assert count(TicketMessage) == 1 and message.flags == {"\\Seen"}
    imap.said.clear()
    read()
    assert "UID FETCH" not in imap.said


def test_a_server_that_is_down_is_told_on_the_page_of_work_and_read_when_it_is_back(house, browser, imap):
    a_contract(house, "dobaas")
    imap.deliver(a_mail(HERS, "En panne").as_bytes())
    imap.stop()
    read()
    text = browser(house.operator).get("/work").get_data(as_text=True)
    assert "Boîte des tickets" in text and "ne répond pas" in text and "pas encore été lue" in text
    assert not mailbox_state().is_well
    imap.start()
    find_task(FETCH, THE_MAILBOX).not_before = 0
    read()
    assert count(Ticket) == 1 and mailbox_state().is_well
    assert "Lue jusqu'au bout" in browser(house.operator).get("/work").get_data(as_text=True)


def test_a_wrong_password_is_told_and_never_shown(house, browser, imap, monkeypatch):
    monkeypatch.setenv("IMAP_PASSWORD", "wrong-secret")
    read()
    text = browser(house.operator).get("/work").get_data(as_text=True)
    assert "AUTHENTICATIONFAILED" in text and "wrong-secret" not in text


def test_what_becomes_no_ticket_stays_flagged_for_a_person_and_stops_nothing(house, browser, imap):
    a_contract(house, "dobaas")
    large = imap.deliver(a_mail(HERS, "Gros").as_bytes() + b"x" * LARGEST)
    unknown = imap.deliver(a_mail("personne@ailleurs.example", "Bonjour").as_bytes())
    empty = imap.deliver(a_mail(HERS, "Rien", " ", message_id="<none@client.example>").as_bytes())
    reply = imap.deliver(a_mail(HERS, "Absent", Auto_Submitted="auto-replied").as_bytes())
    outlook = a_mail(HERS, "Rapport", message_id="<tnef@client.example>")
    outlook.add_attachment(
        b"\x78\x9f\x3e\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    kept = imap.deliver(outlook.as_bytes())
    old = (
        b"From: "
        + HERS.encode()
        + b"\r\nMessage-ID: <old@client.example>\r\nSubject: Panne\r\n\r\nCoup\xe9 \x80\r\n"
    )
    windows = imap.deliver(old)
    read()
    for message in (large, unknown, empty):
        assert message.flags == {"\\Seen", "\\Flagged"}
    for message in (reply, kept, windows):
        assert message.flags == {"\\Seen"}
    texts = set(db.session.scalars(select(TicketMessage.text)))
    assert any("winmail.dat" in text for text in texts) and "Coupé €" in texts
    assert imap.said.count("UID FETCH") == 11  # the large one is never fetched
    assert mailbox_state().left_aside == 3
    assert "3 messages y attendent" in browser(house.operator).get("/work").get_data(as_text=True)


def test_without_the_setting_nobody_is_asked(app, house, browser):
    read()
    assert find_task(FETCH, THE_MAILBOX) is None and mailbox_state() is None
    assert "Boîte des tickets" not in browser(house.operator).get("/work").get_data(as_text=True)
