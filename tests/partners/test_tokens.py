"""Tokens on the account's page: made by who proves who she is, shown once, ended with her."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import User
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.partners.tokens import PartnerToken, make_token
from portal.people.access import change_role, close_account, reset_password
from portal.resellers.reseller import Reseller
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.conftest import MONDAY
from tests.partners.builders import Partner, a_token

Browser = Callable[..., FlaskClient]


def the_token() -> PartnerToken:
    set_scope(EVERYTHING)
    return db.session.scalars(select(PartnerToken).order_by(PartnerToken.id.desc())).first()  # type: ignore[return-value]


def typed(**values: object) -> dict[str, object]:
    return {"name": "CRM", "days": "90", "scopes": ["customers:read"], **values}


def test_a_token_is_shown_once_kept_hashed_and_works_as_its_person(
    app: Flask, house: House, browser: Browser
) -> None:
    a_customer(house.reseller)
    client = browser(house.sales)
    page = client.post("/account/tokens", data=typed())
    secret = re.search(r'value="(prt_[\w-]+)"', page.text).group(1)  # type: ignore[union-attr]
    assert page.status_code == 201
    assert secret not in client.get("/account/tokens").text
    row = the_token()
    assert row.token_hash != secret and secret.startswith(row.hint)
    assert row.expires_at == MONDAY + timedelta(days=90)
    answer = Partner(app, secret).get("/customers")
    assert [each["name"] for each in answer.json["data"]] == ["Boulangerie Martin"]
    assert stored(row).last_used_at == MONDAY and row.last_address == "127.0.0.1"
    assert "127.0.0.1" in client.get("/account/tokens").text
    lines = db.session.scalars(select(JournalEntry).where(JournalEntry.subject_uid == row.uid)).all()
    assert [(line.what, line.by_label) for line in lines] == [("make", house.sales.name)]


def test_making_one_asks_who_is_there(house: House, browser: Browser) -> None:
    page = browser(house.sales, confirmed=False).post("/account/tokens", data=typed())
    assert 'name="confirm-password"' in page.text
    assert the_token() is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days", "366"),
        ("days", "0"),
        ("days", "9" * 400),
        ("scopes", []),
        ("scopes", ["mandates:read"]),
        ("name", ""),
        ("name", "x" * 61),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    house: House, browser: Browser, field: str, value: object
) -> None:
    """Of the reseller's technician: mandates are none of hers."""
    page = browser(house.support).post("/account/tokens", data=typed(**{field: value}))
    assert page.status_code == 422 and f'id="{field}-error-1"' in page.text
    assert the_token() is None


def test_it_ends_by_its_button_and_a_colleagues_is_not_found(
    app: Flask, house: House, browser: Browser
) -> None:
    secret = a_token(house.sales)
    uid = the_token().uid
    partner = Partner(app, secret)
    for other in (house.owner, an_outsider(house)):
        assert browser(other).post(f"/account/tokens/{uid}/withdrawal").status_code == 404
    assert partner.get("/customers").status_code == 200
    browser(house.sales).post(f"/account/tokens/{uid}/withdrawal")
    refused = partner.get("/customers")
    assert refused.status_code == 401 and refused.json["code"] == "no_token"
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_who_runs_the_house_withdraws_it_on_the_persons_page(
    app: Flask, house: House, browser: Browser
) -> None:
    secret = a_token(house.sales)
    uid = the_token().uid
    assert browser(house.sales).post(f"/people/tokens/{uid}/withdrawal").status_code == 403
    assert browser(an_outsider(house)).post(f"/people/tokens/{uid}/withdrawal").status_code == 404
    client = browser(house.operator)
    assert f"/people/tokens/{uid}/withdrawal" in client.get(f"/people/{house.sales.uid}").text
    client.post(f"/people/tokens/{uid}/withdrawal")
    assert Partner(app, secret).get("/customers").status_code == 401


def _disabled(user: User, house: House) -> None:
    close_account(user, by=house.operator)


def _another_role(user: User, house: House) -> None:
    change_role(user, Role.READER, by=house.operator)


def _reset(user: User, house: House) -> None:
    reset_password(user, in_writing=True, identity_checked=True, by=house.operator)


def _suspended(user: User, house: House) -> None:
    row = db.session.scalars(select(Reseller).where(Reseller.organisation_id == user.organisation_id)).one()
    row.suspend("impayé", by=house.operator)


@pytest.mark.parametrize("end", [_disabled, _another_role, _reset, _suspended])
def test_it_ends_with_its_person(app: Flask, house: House, end: Callable[[User, House], None]) -> None:
    partner = Partner(app, a_token(house.sales))
    assert partner.get("/customers").status_code == 200
    end(house.sales, house)
    db.session.commit()
    assert partner.get("/customers").status_code == 401


def test_it_ends_on_its_day(app: Flask, house: House, at: Callable[[datetime], None]) -> None:
    partner = Partner(app, a_token(house.sales, days=1))
    at(datetime(2026, 11, 24, 8, 59, 59, tzinfo=UTC))
    assert partner.get("/customers").status_code == 200
    at(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    assert partner.get("/customers").status_code == 401


def test_a_reseller_whose_provider_forbids_it_has_none(app: Flask, house: House, browser: Browser) -> None:
    partner, other = Partner(app, a_token(house.sales)), Partner(app, a_token(an_outsider(house)))
    uid = db.session.scalars(select(Reseller).where(Reseller.organisation_id == house.reseller.id)).one().uid
    assert browser(house.owner).post(f"/resellers/{uid}/tokens").status_code == 403
    client = browser(house.operator)
    assert f"/resellers/{uid}/tokens" in client.get(f"/resellers/{uid}").text
    client.post(f"/resellers/{uid}/tokens")
    assert partner.get("/customers").status_code == 401 and other.get("/customers").status_code == 200
    hers = browser(house.sales)
    assert 'action="/account/tokens"' not in hers.get("/account/tokens").text
    assert hers.post("/account/tokens", data=typed()).status_code == 422
    client.post(f"/resellers/{uid}/tokens", data={"allows": "y"})
    assert partner.get("/customers").status_code == 200


def test_a_customer_has_none(house: House, browser: Browser) -> None:
    customer = a_user(a_customer(house.reseller).organisation, Role.CUSTOMER)
    db.session.commit()
    client = browser(customer)
    assert client.get("/account/tokens").status_code == 403
    assert client.post("/account/tokens", data=typed()).status_code == 403
    assert "/account/tokens" not in client.get("/account").text


def test_twenty_of_one_person_are_enough(house: House, browser: Browser) -> None:
    for _number in range(20):
        make_token(house.sales, "CRM", ["customers:read"], 90, by=house.sales)
    db.session.commit()
    page = browser(house.sales).post("/account/tokens", data=typed())
    assert page.status_code == 422 and "Vingt jetons au plus" in page.text
