"""A real nginx with the configuration that is shipped, before real web servers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse

import pytest

from portal.accounts.models import open_sign_in
from portal.blobs import keep
from portal.db import db
from tests.builders import a_house
from tests.deploy.serving import NAME, a_production, connection
from tests.installation import Installation, Installs

pytestmark = pytest.mark.slow
MUCH = 16 << 20  # bytes: more than a line holds by itself


@dataclass
class Production:
    place: Installation
    port: int
    cookie: str  # somebody of a reseller, signed in
    document: str

    def ask(self, path: str, method: str = "GET", host: str = NAME, **headers: str) -> HTTPResponse:
        client = HTTPConnection(NAME)
        client.sock = connection(self.place, self.port)
        client.request(method, path, headers={"Host": host, **headers})
        answer = client.getresponse()
        answer.read()
        client.close()
        return answer

    def begin(self, request: str, *, receive: int = 0):
        line = connection(self.place, self.port, receive=receive)
        line.sendall(request.encode())
        return line


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, an_installation: Installs) -> Iterator[Production]:
    with an_installation(tmp_path_factory.mktemp("proxy")) as place:
        with place.context():
            house = a_house()
            about = dict(owner=house.reseller, subject=house.reseller, kind="invoice", filename="long.pdf")
            document = keep(os.urandom(MUCH), media_type="application/pdf", **about)
            db.session.add(document)
            db.session.commit()
            path = f"/documents/{document.uid}"
            _row, token = open_sign_in(house.reader, address="127.0.0.1", browser="test")
            db.session.commit()
        with a_production(place) as port:
            yield Production(place, port, f"__Host-sid={token}", path)


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the servers have the clock of the machine


def test_requests_that_never_end_hold_nobody_up(production: Production) -> None:
    with ExitStack() as lines:
        for _ in range(9):
            lines.enter_context(production.begin(f"GET /login HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: "))
        for _ in range(8):
            head = f"POST /login HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 500000\r\n\r\nemail="
            lines.enter_context(production.begin(head))
        assert production.ask("/verify").status == 200  # before any of these lines is given up


def test_people_who_read_slowly_hold_nobody_up(production: Production) -> None:
    head = f"GET {production.document} HTTP/1.1\r\nHost: {NAME}\r\nCookie: {production.cookie}\r\n\r\n"
    with ExitStack() as lines:
        for _ in range(12):
            lines.enter_context(production.begin(head, receive=4096))
        assert production.ask("/verify").status == 200  # before any of these lines is given up
        assert production.ask(production.document, Cookie=production.cookie).status == 200


def test_what_an_answer_says_of_the_server(production: Production) -> None:
    answer = production.ask("/verify")
    assert answer.headers["Server"] == "nginx"  # no version, and nothing of what is behind
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "payment=()" in answer.headers["Permissions-Policy"]
    assert all("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie") or [])


def test_who_asks_is_known_behind_the_proxy_and_nobody_can_lie(production: Production) -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
    }
    answer = production.ask("/", **forged)
    assert answer.status == 303 and answer.headers["Location"].startswith("/login")
    assert production.ask("/verify", host="evil.example").status == 400
    assert production.ask("/metrics").status == production.ask("/readyz").status == 404


def test_a_flood_is_told_to_wait(production: Production) -> None:
    line = connection(production.place, production.port)
    client = HTTPConnection(NAME)
    client.sock = line
    statuses = []
    for _ in range(40):
        client.request("GET", "/login", headers={"Host": NAME})
        answer = client.getresponse()
        answer.read()
        statuses.append(answer.status)
    client.close()
    assert set(statuses) == {200, 429}


def test_the_log_of_the_proxy_holds_no_token(production: Production) -> None:
    secret = "s3cr3t-token-of-somebody"
    for page in ("sign", "unlock", "fetch", "vault-access"):
        assert production.ask(f"/{page}/{secret}?x={secret}").status in {404, 410}
    said = (production.place.folder / "portal.log").read_text()
    assert "/sign/" in said and secret not in said
