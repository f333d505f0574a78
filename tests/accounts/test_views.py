"""Signing in and out."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.entering import safe_next
from portal.accounts.models import SignIn, User, check_password, find_user
from portal.db import db
from portal.journal import JournalEntry
from tests.builders import PASSWORD, House, a_customer
from tests.conftest import MONDAY

Browser = Callable[..., FlaskClient]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> object:
    return client.post("/login", data={"email": email, "password": password})


def test_an_owner_signs_in_and_sees_only_her_customers(house: House, browser: Browser) -> None:
    a_customer(house.reseller, name="À moi")
    a_customer(house.other, name="Pas à moi")
    client = browser()
    answer = client.post("/login", data={"email": house.owner.email.upper(), "password": PASSWORD})
    assert answer.status_code == 303
    page = client.get("/customers").text
    assert "À moi" in page
    assert "Pas à moi" not in page


def test_wrong_password_unknown_and_disabled_accounts_get_the_same_answer(
    house: House, browser: Browser
) -> None:
    house.sales.is_enabled = False
    db.session.commit()
    pages = []
    for email, password in (
        (house.owner.email, "wrong password"),
        ("nobody@example.org", PASSWORD),
        (house.sales.email, PASSWORD),
    ):
        answer = browser().post("/login", data={"email": email, "password": password})
        assert answer.status_code == 422
        pages.append(re.sub(r'name="csrf_token".*', "", answer.text.replace(email, "…")))
    assert pages[0] == pages[1] == pages[2]


def test_the_stored_token_is_a_hash_and_logging_out_kills_the_cookie(house: House, browser: Browser) -> None:
    client = browser()
    answer = client.post("/login", data={"email": house.owner.email, "password": PASSWORD})
    token = answer.headers["Set-Cookie"].split("sid=")[1].split(";")[0]
    assert token not in {row.token_hash for row in db.session.scalars(db.select(SignIn))}
    assert client.get("/").status_code == 200
    client.post("/logout")
    replayed = browser()
    replayed.set_cookie("sid", token)
    assert replayed.get("/").status_code == 303


@pytest.mark.parametrize(
    ("role", "minutes", "status"),
    [("owner", 29, 200), ("owner", 31, 303), ("finance", 14, 200), ("finance", 16, 303)],
)
def test_an_idle_session_ends_after_half_an_hour_and_where_money_moves_after_a_quarter(
    house: House, browser: Browser, at: Callable[..., None], role: str, minutes: int, status: int
) -> None:
    client = browser(house.people[Role(role)])
    at(MONDAY + timedelta(minutes=minutes))
    assert client.get("/").status_code == status


def test_a_busy_session_ends_after_ten_hours_all_the_same(
    house: House, browser: Browser, at: Callable[..., None]
) -> None:
    client = browser(house.owner)
    for minutes in range(25, 10 * 60, 25):
        at(MONDAY + timedelta(minutes=minutes))
        assert client.get("/").status_code == 200
    at(MONDAY + timedelta(hours=10, minutes=1))
    assert client.get("/").status_code == 303


def test_an_expired_session_in_an_htmx_call_asks_for_a_redirect(house: House, browser: Browser) -> None:
    answer = browser().get(
        "/customers", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/customers"}
    )
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?expired=1&next=/customers"


def test_failures_make_the_next_try_wait(house: House, browser: Browser, at: Callable[..., None]) -> None:
    for _ in range(5):
        sign_in(browser(), house.owner.email, "wrong password")
    blocked = browser().post("/login", data={"email": house.owner.email, "password": PASSWORD})
    assert blocked.status_code == 429
    at(MONDAY + timedelta(seconds=20))
    answer = browser().post("/login", data={"email": house.owner.email, "password": PASSWORD})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "target",
    ["//evil.test", "/\\evil.test", "https://evil.test", "/a\tb", "/a\r\nb", "javascript:x", "", None],
)
def test_the_next_address_never_leaves_the_site(app: Flask, target: str | None) -> None:
    with app.test_request_context():
        assert safe_next(target) == "/"


def test_a_hash_of_weaker_parameters_is_renewed(house: House) -> None:
    from argon2 import PasswordHasher

    user: User = house.owner
    user.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    before = user.password_hash
    assert check_password(user, PASSWORD)
    assert user.password_hash != before
    assert find_user(user.email.upper()) is user


def test_the_chosen_language_is_kept(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    assert 'lang="fr"' in client.get("/").text
    client.post("/language", data={"language": "en", "next": "/"})
    assert 'lang="en"' in client.get("/").text
    assert house.owner.language == "en"


def test_a_page_that_is_not_hers_is_noted_once_an_hour_and_never_without_end(
    house: House, browser: Browser, app: Flask, at: Callable[..., None]
) -> None:
    def noted() -> list[str]:
        query = db.select(JournalEntry).where(JournalEntry.what == "refuse_page").order_by(JournalEntry.id)
        rows = list(db.session.scalars(query))
        assert {(row.subject_uid, row.by_label) for row in rows} <= {(house.owner.uid, house.owner.label)}
        return [row.details["page"] for row in rows]

    client = browser(house.owner)
    for _ in range(3):
        assert client.get("/setup").status_code == 403
        assert client.get("/people/aaaaaaaaaaaaaaaa").status_code == 404
    assert noted() == ["setup.show"]
    assert "Page refusée" in browser(house.owner).get("/work/journal").text
    at(MONDAY + timedelta(minutes=61))
    later = browser(house.owner)
    others = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]
    for path in others * 2:
        if not path.startswith(("/logout", "/accept")):
            later.get(path)
    assert 1 < len(noted()) <= 31 and len(set(noted()[1:])) == len(noted()[1:])
