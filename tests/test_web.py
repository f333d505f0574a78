"""Headers, errors, cross-site requests: what every answer has."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.accounts.models import open_sign_in
from portal.db import EVERYTHING, db, scope
from portal.errors import Unavailable
from portal.logs import mask
from tests.builders import House, a_customer, a_house
from tests.installation import Installs, is_postgresql, on_server

Browser = Callable[..., FlaskClient]


@pytest.mark.parametrize(
    "path", ["/login", "/nowhere", "/static/css/base.css", "/api/v1/nowhere", "/healthz"]
)
def test_every_answer_carries_the_policy(browser: Browser, house: House, path: str) -> None:
    headers = browser().get(path, buffered=True).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"] or path.startswith("/static")


def test_a_form_of_another_site_is_refused(browser: Browser, house: House) -> None:
    client = browser(house.owner)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        assert client.post("/logout", headers=headers).status_code == 403
    assert client.get("/").status_code == 200


def test_a_form_without_its_token_is_refused(app: Flask, browser: Browser, house: House) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = browser(house.owner).post("/customers/new", data={"name": "x"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "expiré" in answer.text


def test_an_unknown_host_is_refused(browser: Browser, house: House) -> None:
    assert browser().get("/login", headers={"Host": "evil.test"}).status_code == 400


def test_too_large_a_body_gets_a_clean_page(browser: Browser, house: House) -> None:
    answer = browser(house.owner).post("/customers/new", data={"name": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "Traceback" not in answer.text


def test_a_bug_shows_a_reference_and_nothing_else(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.config, "ANSWER_BUGS", True)
    monkeypatch.setitem(app.view_functions, "probes.health", broken)
    answer = browser().get("/healthz")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text and "RuntimeError" not in answer.text
    assert "référence" in answer.text


@pytest.mark.parametrize("value", ["\x00", "\u202e", "x" * 5000, "9" * 400, "'; drop table customer; --"])
def test_hostile_queries_are_not_accidents(browser: Browser, house: House, value: str) -> None:
    client = browser(house.owner)
    a_customer(house.reseller)
    for path in ("/customers", "/orders"):
        for name in ("q", "after", "state"):
            assert client.get(path, query_string={name: value}).status_code in {200, 400, 404}


def test_a_locked_database_asks_to_come_back(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**_: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {"iban": "FR76"}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "home.dashboard", locked)
    answer = browser(house.owner).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Le portail est occupé" in answer.text and "FR76" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_database_that_is_away_asks_to_come_back(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even who asks can be read; a page that is made is given, though the visit cannot be noted."""
    client = browser(house.owner)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patched:
        patched.setattr("portal.accounts.sessions.token_hash", away)
        answer = client.get("/customers")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    monkeypatch.setattr("portal.accounts.sessions.update", away)
    monkeypatch.setattr("portal.accounts.sessions._TOUCH_EVERY", timedelta(0))
    assert client.get("/customers").status_code == 200


@pytest.mark.parametrize("moment", ["who asks", "the page", "the end"])
def test_a_connection_cut_in_the_middle_asks_to_come_back(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Cut while a scope is open, while the page is made, and when the answer is made already."""

    def cut(*_: object, **__: object) -> str:
        connection = db.session.connection()
        if is_postgresql():
            pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
            on_server(f"select pg_terminate_backend({pid})", who="TEST_DATABASE_URL")
        elif moment != "the end":
            raise OperationalError("select 1", {}, Exception("disk I/O error"))
        if moment != "the end":
            db.session.execute(text("select 1"))
        return "done"

    with an_installation(tmp_path) as place:
        place.app.config["ANSWER_BUGS"] = True
        if moment == "who asks":
            monkeypatch.setattr("portal.accounts.sessions.token_hash", cut)
        else:
            place.app.view_functions["probes.health"] = cut
        client = place.app.test_client()
        client.set_cookie(place.app.config["SIGN_IN_COOKIE"], "anything")
        if moment == "the page":
            monkeypatch.setattr("portal.accounts.sessions.load_from_cookie", lambda _: None)
        assert client.get("/healthz").status_code == (200 if moment == "the end" else 503)
        monkeypatch.undo()
        assert client.get("/login").status_code == 200


@pytest.mark.parametrize("harm", [OperationalError("update", {}, Exception("closed")), RuntimeError("bug")])
def test_what_breaks_behind_the_page_is_answered_like_what_breaks_in_it(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch, harm: Exception
) -> None:
    def broken(_: object) -> None:
        raise harm

    client = browser(house.owner)
    monkeypatch.setitem(app.config, "ANSWER_BUGS", True)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.after_request_funcs, None, [*app.after_request_funcs[None], broken])
    answer = client.get("/customers")
    away = isinstance(harm, OperationalError)
    assert answer.status_code == (503 if away else 500)
    assert ("Le portail est occupé" if away else "référence") in answer.text


def test_a_page_is_given_when_the_connection_ends_behind_it(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is signed in: her visit would be noted now."""
    with an_installation(tmp_path) as place:
        with place.app.app_context(), scope(EVERYTHING):
            _row, token = open_sign_in(a_house().finance, address="127.0.0.1", browser="test")
            db.session.commit()
        place.app.config.update(ANSWER_BUGS=True, PROPAGATE_EXCEPTIONS=False)
        monkeypatch.setattr("portal.accounts.sessions._TOUCH_EVERY", timedelta(0))
        health = place.app.view_functions["probes.health"]

        def cut(**values: object) -> object:
            answer = health(**values)
            pid = db.session.connection().exec_driver_sql("select pg_backend_pid()").scalar()
            on_server(f"select pg_terminate_backend({pid})", who="TEST_DATABASE_URL")
            return answer

        place.app.view_functions["probes.health"] = cut if is_postgresql() else health
        client = place.app.test_client()
        client.set_cookie(place.app.config["SIGN_IN_COOKIE"], token)
        assert client.get("/healthz").status_code == 200
        assert client.get("/login").status_code in {200, 303}


def test_a_store_that_is_away_asks_to_come_back(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise Unavailable("Le stockage des documents ne répond pas.")

    monkeypatch.setitem(app.view_functions, "home.dashboard", away)
    assert browser(house.owner).get("/").status_code == 503


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("NO9386011117947 x", "86011117"),  # 15 characters, the shortest
        ("fr7630006000011234567890189", "300060000112345678"),
        ("FR76-3000-6000-0112-3456-7890-189.", "3000-6000"),
        ("iban FR76 3000 6000 0112 3456 7890 189 ok", "3000 6000"),
        ("2x61p-sw7ge-tkn3e-2tgsc", "sw7ge"),
        ("2X61PSW7GETKN3E2TGSC", "SW7GE"),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("rest:https://user:secret@host:8000/x", "secret"),
        ("/vault-access/" + "b" * 43, "b" * 43),
        ("/calendar/" + "c" * 43 + ".ics", "c" * 43),
    ],
)
def test_logs_hide_secrets_in_every_spelling(text: str, hidden: str) -> None:
    assert hidden not in mask(text)


@pytest.mark.parametrize(
    "text", ["why6ela5c5tzmpcs", "GET /customers/aa12bcdefghijklm 200", "2026-11-28 09:12"]
)
def test_logs_keep_what_is_no_secret(text: str) -> None:
    assert mask(text) == text


def test_logs_hide_ibans_keys_and_link_tokens() -> None:
    token = "a" * 43
    line = mask(f"FR7630006000011234567890189 2X61P-SW7GE-TKN3E-2TGSC GET /sign/{token} ok")
    assert "30006000011" not in line and "SW7GE" not in line and token not in line
