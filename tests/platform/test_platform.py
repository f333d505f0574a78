"""E-invoices reach their platform once, payments are told and taken back, statuses are kept or told."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, Payment
from portal.billing.reversing import reverse_payment
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.platform.jobs import look
from portal.platform.models import PlatformMessage, PlatformStatus
from portal.platform.rules import may_follow
from tests.billing.test_einvoices import BEFORE, DAY, bill, choose, owes, the_entity
from tests.builders import House, a_customer, an_outsider, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


class APlatform:
    """On this machine: what it was told, what it answers (201 at the end), the statuses it has to tell."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.statuses: list[dict[str, str]] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = platform.answers.pop(0) if platform.answers else (201, {})
                if status == 201:
                    platform.told.append((self.path, self.headers["Idempotency-Key"], body))
                self._answer(status, answer)

            def do_GET(self) -> None:
                start = int(self.path.partition("after=")[2] or 0)
                known = platform.statuses
                self._answer(200, {"statuses": known[start:], "cursor": str(len(known))})

            def _answer(self, status: int, answer: Any) -> None:
                right = self.headers["Authorization"] == "Bearer secret"
                self.send_response(status if right else 401)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def platform(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[APlatform]:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    found = APlatform()
    yield found
    found.server.shutdown()
    found.server.server_close()


def live(at: At, **later: int) -> None:
    at(clock.now() + timedelta(**later or {"minutes": 15}))
    set_scope(EVERYTHING)
    look()
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    db.session.expire_all()


def set_way(client: FlaskClient, **values: str) -> int:
    form = {"send_from": "2026-12-01", **values}
    return client.post(f"/platform/settings/{the_entity().uid}", data=form).status_code


def an_einvoice(house: House, browser: Browser, at: At) -> Invoice:
    at(BEFORE)
    choose(browser(house.finance), "2026-12-01")
    at(DAY)
    set_scope(EVERYTHING)
    owes(a_customer(house.reseller, name="Avant", siren="552100554"), "wired")
    (invoice,) = bill(browser(house.finance))
    return invoice


def over_http(house: House, browser: Browser, platform: APlatform) -> None:
    way = {"way": "platform_http", "address": platform.address, "token": "secret"}
    assert set_way(browser(house.finance), **way) == 303


def messages() -> list[PlatformMessage]:
    return list(db.session.scalars(db.select(PlatformMessage).order_by(PlatformMessage.id)))


def test_an_einvoice_goes_to_the_platform_once_and_goes_on_after_a_night_of_silence(
    house: House, browser: Browser, at: At, platform: APlatform
) -> None:
    invoice = an_einvoice(house, browser, at)
    live(at)
    assert messages() == [], "off until somebody chooses"
    over_http(house, browser, platform)
    platform.answers = [(503, {})] * 3
    live(at)
    live(at, minutes=5)
    live(at, hours=13)
    assert platform.told == []
    assert "La plateforme ne répond pas (503)" in browser(house.finance).get("/").text
    live(at, hours=2)
    live(at)
    ((path, key, body),) = platform.told
    assert (path, body["number"], body["type"]) == ("/v1/documents", invoice.number, "380")
    assert key == body["id"] and messages()[0].state == "message_sent"
    settings = browser(house.finance).get(f"/platform/settings/{the_entity().uid}").text
    assert "secret" not in settings and platform.address not in settings
    page = browser(house.finance).get("/platform").text
    assert invoice.number in page and "envoyé à la plateforme" in page
    assert browser(an_outsider(house)).get(f"/platform/messages/{messages()[0].uid}").status_code == 403


def test_a_refusal_after_issue_is_work_with_the_platforms_words_and_leaves_again(
    house: House, browser: Browser, at: At, platform: APlatform
) -> None:
    an_einvoice(house, browser, at)
    over_http(house, browser, platform)
    platform.answers = [(422, {"reason": "SIREN inconnu"})]
    live(at)
    finance = browser(house.finance)
    today = finance.get("/").text
    assert "La plateforme refuse" in today and "SIREN inconnu" in today
    (message,) = messages()
    page = finance.get(f"/platform/messages/{message.uid}").text
    assert "SIREN inconnu" in page and "Renvoyer" in page
    assert finance.post(f"/platform/messages/{message.uid}/sending").status_code == 303
    live(at)
    assert [key for _path, key, _body in platform.told] == [f"{message.uid}-2"]


def test_a_payment_is_told_once_and_taken_back_when_it_goes_back(
    house: House, browser: Browser, at: At, platform: APlatform
) -> None:
    invoice = an_einvoice(house, browser, at)
    over_http(house, browser, platform)
    live(at)
    note_payment(invoice, received_on=date(2026, 12, 1), reference="V1", by=SYSTEM, amount_cents=1_000)
    db.session.commit()
    live(at)
    live(at)
    payment = db.session.scalars(db.select(Payment)).one()
    reverse_payment(payment, "erreur", by=SYSTEM)
    db.session.commit()
    live(at)
    live(at)
    told = [body for path, _key, body in platform.told if path == "/v1/statuses"]
    assert [(each["code"], each["amount_cents"]) for each in told] == [("212", 1_000), ("212", -1_000)]
    assert told[0]["rates"] == [{"basis_points": 2000, "gross_cents": 1_000}]
    page = browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text
    assert "212 encaissée" in page and "-10,00" in page.replace("−", "-").replace("\u2011", "-")


def test_statuses_are_kept_in_words_and_what_fits_nothing_is_told(
    house: House, browser: Browser, at: At, platform: APlatform
) -> None:
    invoice = an_einvoice(house, browser, at)
    over_http(house, browser, platform)
    when = "2026-12-01T10:00:00+01:00"
    steps = [("a", invoice.number, "200"), ("b", invoice.number, "203"), ("c", invoice.number, "200")]
    steps += [("d", "FA-2026-999999", "200"), ("e", invoice.number, "999")]
    platform.statuses = [{"id": i, "number": n, "code": c, "at": when} for i, n, c in steps]
    live(at)
    live(at)
    page = browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text
    assert "200 déposée" in page and "203 mise à disposition" in page
    finance = browser(house.finance)
    today = finance.get("/").text
    assert (
        "Aucune facture électronique" in today and "ne peut pas suivre" in today and "ne se lit pas" in today
    )
    kept = list(db.session.scalars(db.select(PlatformStatus)))
    assert len(kept) == 5
    wrong = next(row for row in kept if row.number == "FA-2026-999999")
    assert finance.post(f"/platform/statuses/{wrong.uid}/closing").status_code == 303
    assert "Aucune facture électronique n" not in finance.get("/").text
    platform.statuses.append(
        {"id": "f", "number": invoice.number, "code": "210", "at": when, "reason": "Doublon"}
    )
    live(at)
    assert "Doublon" in browser(house.finance).get("/").text


def test_a_folder_carries_the_same_words(
    house: House, browser: Browser, at: At, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PLATFORM_DIR", str(tmp_path))
    invoice = an_einvoice(house, browser, at)
    finance = browser(house.finance)
    assert set_way(finance, way="platform_folder", folder="../x") == 422
    assert set_way(finance, way="platform_folder", folder="pa") == 303
    live(at)
    (file,) = (tmp_path / "pa" / "outbox").iterdir()
    assert json.loads(file.read_text())["number"] == invoice.number
    file.unlink()
    told = {"statuses": [{"id": "a", "number": invoice.number, "code": "200", "at": "2026-12-01T10:00:00Z"}]}
    inbox = tmp_path / "pa" / "inbox"
    (inbox / "s.json.part").write_text("{")
    (inbox / "s.json").write_text(json.dumps(told))
    live(at)
    assert [row.code for row in db.session.scalars(db.select(PlatformStatus))] == ["200"]
    assert [each.name for each in inbox.iterdir()] == ["s.json.part"]
    (inbox / "t.json").write_text('{"statuses": [')
    live(at)
    live(at, hours=13)
    assert "t.json" in browser(house.finance).get("/").text
    assert list((tmp_path / "pa" / "outbox").iterdir()) == []


def test_what_may_follow() -> None:
    assert may_follow("200", "") and may_follow("205", "204") and not may_follow("204", "210")
    assert not may_follow("200", "203") and not may_follow("999", "")
