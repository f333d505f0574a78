"""Headers, errors, cross-site requests: what every answer has."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.logs import mask
from tests.builders import House, a_customer

Browser = Callable[..., FlaskClient]


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/static/app.css", "/api/v1/nowhere", "/healthz"])
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
    monkeypatch.setitem(app.view_functions, "home.health", broken)
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


def test_logs_hide_ibans_keys_and_link_tokens() -> None:
    token = "a" * 43
    line = mask(f"FR7630006000011234567890189 2X61P-SW7GE-TKN3E-2TGSC GET /sign/{token} ok")
    assert "30006000011" not in line and "SW7GE" not in line and token not in line
