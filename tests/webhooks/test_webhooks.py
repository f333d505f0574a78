"""A partner's address hears what happens: signed, in order, once; tried for days, then left alone."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, jobs, public_places
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, record
from portal.mail import Mail
from portal.webhooks import acts
from portal.webhooks.jobs import forget, look
from portal.webhooks.models import W, Webhook, WebhookEvent
from tests.builders import House, a_customer, an_outsider, stored, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


class Receiver:
    """A partner's system on this machine: what it heard, and what it answers next (200 at the end)."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[Any] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer == "drip":  # a head that never ends
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    for _ in range(100):
                        time.sleep(0.05)
                        self.wfile.write(b"X: y\r\n")
                    return
                receiver.heard.append((dict(self.headers), body))
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _headers, body in self.heard]


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def live(at: At, moment: datetime) -> None:
    at(moment)
    set_scope(EVERYTHING)
    look()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def registered(house: House, receiver: Receiver, *kinds: str) -> tuple[Webhook, str]:
    set_scope(EVERYTHING)
    wanted = kinds or ("customer", "ticket")
    row, key = acts.register(house.reseller, receiver.address, wanted, by=house.owner, made_by=house.owner.id)
    db.session.commit()
    return row, key


def shown_key(page: str) -> str:
    return "whsec_" + unescape(page).partition('value="whsec_')[2].partition('"')[0]


def is_signed(key: str, headers: dict[str, str], body: bytes) -> bool:
    """By the text of the standard alone."""
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    secret = base64.b64decode(key.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["Webhook-Signature"].split(" ")


def changed(house: House, name: str) -> Any:
    """A customer of the house below, and two lines of the journal about her."""
    set_scope(EVERYTHING)
    customer = a_customer(house.reseller, name=name, siren=None)
    customer.change({"email": "a@b.example"}, by=SYSTEM) if hasattr(customer, "change") else None

    record(customer, "archive", by=SYSTEM)
    record(customer, "restore", by=SYSTEM)
    db.session.commit()
    return customer


def test_what_happens_is_told_signed_and_in_order_to_its_own_house_alone(
    house: House, browser: Browser, receiver: Receiver, at: At
) -> None:
    client = browser(house.owner)
    answer = client.post("/webhooks", data={"address": receiver.address, "kinds": ["customer"]})
    assert answer.status_code == 201
    key = shown_key(answer.text)
    assert len(key) == 50 and key not in client.get("/webhooks").text
    customer = changed(house, "Un")

    record(a_customer(house.other, name="Ailleurs", siren=None), "archive", by=SYSTEM)
    db.session.commit()
    live(at, clock.now() + timedelta(minutes=1))
    live(at, clock.now() + timedelta(minutes=1))
    assert receiver.kinds()[-2:] == ["customer.archive", "customer.restore"]
    assert {json.loads(body)["data"]["record"] for _h, body in receiver.heard} == {customer.uid}
    assert all(is_signed(key, *each) for each in receiver.heard)
    row = db.session.scalars(select(Webhook)).one()
    page = unescape(client.get(f"/webhooks/{row.uid}").text)
    assert "customer.restore" in page and receiver.address not in page
    assert browser(an_outsider(house)).get(f"/webhooks/{row.uid}").status_code == 404


def test_who_does_not_answer_is_tried_for_three_days_then_left_alone_and_resumed_in_order(
    house: House, browser: Browser, receiver: Receiver, at: At
) -> None:
    row, _key = registered(house, receiver)
    receiver.answers = [500, 302, 503] + [500] * 200
    changed(house, "Deux")
    start = clock.now()
    tried = []
    for minutes in range(1, 3 * 24 * 60 + 500, 30):
        before = len(receiver.heard)
        live(at, start + timedelta(minutes=minutes))
        tried.append(len(receiver.heard) - before)
    row = stored(row)
    assert row.state == W.STOPPED and set(receiver.kinds()) == {receiver.kinds()[0]}, (
        "the first holds the rest"
    )
    assert 12 < sum(tried) < 40 and max(tried) == 1, "pauses double up to six hours"
    mail = db.session.scalars(select(Mail).where(Mail.kind == "webhooks/mail_stopped")).one()
    assert mail.recipient == house.owner.email
    client = browser(house.owner)
    assert "Webhook arrêté" in unescape(client.get("/").text)
    receiver.answers, receiver.heard = [], []
    assert client.post(f"/webhooks/{row.uid}/resumption").status_code == 303
    live(at, clock.now() + timedelta(minutes=1))
    assert receiver.kinds()[-2:] == ["customer.archive", "customer.restore"]
    assert stored(row).failing_since is None


def test_a_new_key_signs_beside_the_old_one_for_a_day(
    house: House, browser: Browser, receiver: Receiver, at: At
) -> None:
    row, old = registered(house, receiver)
    client = browser(house.owner)
    new = unescape(client.post(f"/webhooks/{row.uid}/key").text).partition('value="')[2].partition('"')[0]
    new = (
        "whsec_"
        + unescape(client.post(f"/webhooks/{row.uid}/key").text)
        .partition('value="whsec_')[2]
        .partition('"')[0]
    )
    for hours, both in ((1, True), (25, False)):
        assert browser(house.owner).post(f"/webhooks/{row.uid}/trial").status_code == 303
        live(at, clock.now() + timedelta(hours=hours))
        heard = receiver.heard[-1]
        assert is_signed(new, *heard)
        assert (len(heard[0]["Webhook-Signature"].split(" ")) == 2) is both
    assert not is_signed(old, *receiver.heard[-1])
    assert receiver.kinds() == ["test", "test"]


def test_an_answered_event_is_sent_again_with_its_number_and_old_ones_are_forgotten(
    house: House, browser: Browser, receiver: Receiver, at: At
) -> None:
    row, _key = registered(house, receiver)
    client = browser(house.owner)
    client.post(f"/webhooks/{row.uid}/trial")
    live(at, clock.now() + timedelta(minutes=1))
    event = db.session.scalars(select(WebhookEvent)).one()
    assert client.post(f"/webhooks/events/{event.uid}/again").status_code == 303
    live(at, clock.now() + timedelta(minutes=2))
    first, second = [headers["Webhook-Id"] for headers, _body in receiver.heard]
    assert first == second == event.uid
    at(clock.now() + timedelta(days=31))
    forget()
    db.session.commit()
    assert db.session.scalars(select(WebhookEvent)).all() == []


def test_a_pause_keeps_what_happens_and_a_withdrawal_keeps_no_secret(
    house: House, browser: Browser, receiver: Receiver, at: At
) -> None:
    row, _key = registered(house, receiver)
    client = browser(house.owner)
    client.post(f"/webhooks/{row.uid}/pause")
    changed(house, "Trois")
    live(at, clock.now() + timedelta(minutes=1))
    assert receiver.heard == []
    client.post(f"/webhooks/{row.uid}/resumption")
    live(at, clock.now() + timedelta(hours=3))
    assert "customer.archive" in receiver.kinds()
    client = browser(house.owner)
    assert client.post(f"/webhooks/{row.uid}/withdrawal").headers["Location"] == "/webhooks"
    row = stored(row)
    assert (row.state, row.address, row.key) == (W.WITHDRAWN, None, None)
    assert client.post(f"/webhooks/{row.uid}/trial").status_code in (303, 409)


def test_an_answer_that_never_ends_holds_nobody(
    house: House, receiver: Receiver, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _key = registered(house, receiver)
    monkeypatch.setattr(public_places, "SECONDS", 0.2)
    receiver.answers = ["drip"]
    acts.try_it(row)
    db.session.commit()
    started = time.monotonic()
    live(at, clock.now() + timedelta(minutes=1))
    assert time.monotonic() - started < 4
    assert stored(row).failures == 1


@pytest.mark.parametrize(
    "address",
    ["http://exemple.fr/x", "https://127.0.0.1/x", "https://[::1]/", "https://10.0.0.1/", "ftp://a/"],
)
def test_an_address_inside_a_network_is_refused_beside_its_field(
    house: House, browser: Browser, address: str
) -> None:
    answer = browser(house.owner).post("/webhooks", data={"address": address, "kinds": ["customer"]})
    assert answer.status_code == 422 and 'id="address-error' in answer.text


def test_nothing_is_lost_of_a_line_that_is_committed_behind_a_later_one(
    house: House, receiver: Receiver, at: At
) -> None:
    row, _key = registered(house, receiver)
    changed(house, "Quatre")
    set_scope(EVERYTHING)
    while acts.gather(stored(row)):
        db.session.commit()
    late = db.session.scalars(
        select(WebhookEvent).where(WebhookEvent.kind == "customer.archive")
    ).one()  # as if its line had been committed only now
    db.session.delete(late)
    db.session.commit()
    live(at, clock.now() + timedelta(minutes=1))
    assert receiver.kinds()[-1] == "customer.archive" and "customer.restore" in receiver.kinds()


def test_two_workers_never_call_one_address_at_once(house: House, receiver: Receiver, at: At) -> None:
    row, _key = registered(house, receiver)
    acts.try_it(row)
    assert acts.take(row) and not acts.take(row)
    db.session.commit()
    live(at, clock.now() + timedelta(minutes=1))
    assert receiver.heard == [] and jobs.drain() == 0
    live(at, clock.now() + timedelta(minutes=3))
    assert receiver.kinds() == ["test"], "whoever held it was killed: two minutes later another one calls"


def test_what_was_told_and_forgotten_is_not_told_again(house: House, receiver: Receiver, at: At) -> None:
    registered(house, receiver, "customer")
    changed(house, "Cinq")
    live(at, clock.now() + timedelta(minutes=1))
    count = len(receiver.heard)
    assert count >= 2
    at(clock.now() + timedelta(days=31))
    forget()
    db.session.commit()
    assert db.session.scalars(select(WebhookEvent)).all() == []
    live(at, clock.now() + timedelta(minutes=1))
    assert len(receiver.heard) == count


class Keeping:
    """A receiver that keeps its connections, and ends some of them on a request that it has read."""

    def __init__(self, ends_after: int) -> None:
        self.uids: list[bytes] = []
        self.connections = 0
        self._ends_after = ends_after
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with line, line.makefile("rb") as read:
                for _number in range(self._ends_after):
                    if not self._answer(line, read):
                        break
                else:
                    self._read(read)

    def _read(self, read: Any) -> dict[bytes, bytes]:
        head = {}
        while (field := read.readline()) not in (b"", b"\r\n"):
            name, _colon, value = field.partition(b":")
            head[name.strip().lower()] = value.strip()
        read.read(int(head.get(b"content-length", 0)))
        return head

    def _answer(self, line: socket.socket, read: Any) -> bool:
        head = self._read(read)
        if not head:
            return False
        self.uids.append(head[b"webhook-id"])
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True

    def close(self) -> None:
        self._listening.close()


def test_many_events_go_over_one_connection_and_one_that_ends_in_between_loses_none(
    house: House, app: Flask, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    receiver = Keeping(ends_after=5)
    set_scope(EVERYTHING)
    row, _key = acts.register(house.reseller, receiver.address, ["customer"], by=house.owner)
    for _number in range(12):
        acts.try_it(row)
    db.session.commit()
    waiting = [
        each.uid.encode() for each in db.session.scalars(select(WebhookEvent).order_by(WebhookEvent.id))
    ]
    live(at, clock.now() + timedelta(minutes=1))
    receiver.close()
    assert receiver.uids == waiting and receiver.connections == 3
    events = list(db.session.scalars(select(WebhookEvent)))
    assert {(each.tries, each.answer) for each in events} == {(1, "200")} and stored(row).failures == 0
