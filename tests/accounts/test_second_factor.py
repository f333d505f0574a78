"""The second factor: enrolled, asked for, required of staff, and never used twice."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.factors import HalfSignIn, Passkey, Totp, has_factor
from portal.accounts.models import SignIn
from portal.db import db
from portal.journal import JournalEntry
from portal.mail import Mail
from tests.authenticator import Authenticator
from tests.builders import PASSWORD, House, a_customer, a_user, stored
from tests.conftest import MONDAY

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
URL = "http://localhost:8000"
ACCOUNT = "/account/second-factor"


@pytest.fixture(autouse=True)
def named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", URL)


@pytest.fixture
def required(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SECOND_FACTOR", "required")


def enrol(client: FlaskClient, device: Authenticator, name: str = "Portable") -> str:
    page = client.post(f"{ACCOUNT}/passkeys/new").text
    answer = client.post(f"{ACCOUNT}/passkeys", data={"name": name, "passkey": device.create(page)})
    assert answer.status_code in {200, 303}, answer.text
    return answer.text


def enrol_app(client: FlaskClient, at: datetime = MONDAY) -> tuple[pyotp.TOTP, list[str]]:
    """The application with the secret, and the recovery codes."""
    client.post(f"{ACCOUNT}/app/new")
    secret = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', client.get(f"{ACCOUNT}/app").text)
    assert secret
    application = pyotp.TOTP(secret[1].replace(" ", ""))
    answer = client.post(f"{ACCOUNT}/app", data={"code": application.at(at), "name": "Téléphone"})
    assert answer.status_code == 200, answer.text
    return application, re.findall(r"<li><code>([a-z2-7-]+)</code>", answer.text)


def half_in(browser: Browser, email: str) -> FlaskClient:
    """The password was right."""
    client = browser()
    answer = client.post("/login", data={"email": email, "password": PASSWORD, "next": "/customers"})
    assert answer.status_code == 303 and answer.location == "/second-factor?next=/customers"
    return client


def show(client: FlaskClient, code: str = "", passkey: str = "") -> int:
    data = {"code": code, "passkey": passkey, "next": "/customers"}
    return client.post("/second-factor", data=data).status_code


def verbs() -> list[str]:
    return [entry.what for entry in db.session.scalars(db.select(JournalEntry).order_by(JournalEntry.id))]


def test_a_passkey_is_enrolled_and_opens_the_portal(house: House, browser: Browser) -> None:
    device, owner, elsewhere = Authenticator(), browser(house.owner), browser(house.owner)
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code>", enrol(owner, device))
    assert len(set(codes)) == 10 and all(len(code.replace("-", "")) == 16 for code in codes)
    file = owner.post(f"{ACCOUNT}/codes/text", data={"code": [*codes, "aaaa-aaaa-aaaa-aaaa"]})
    assert file.mimetype == "text/plain" and file.text.split()[-10:] == codes
    assert "sans-danger" not in file.text and "aaaa-aaaa" not in file.text
    assert owner.post(f"{ACCOUNT}/codes/kept").status_code == 303
    assert elsewhere.get("/customers").status_code == 303  # a session without it ended
    client = half_in(browser, house.owner.email)
    assert client.get("/customers").status_code == 303  # no session yet
    assert show(client, passkey=device.get(client.get("/second-factor").text)) == 303
    assert client.get("/customers").status_code == 200
    last = db.session.scalars(db.select(SignIn).order_by(SignIn.id.desc()).limit(1)).one()
    assert last.factor_at is not None and last.confirmed_by == "passkey"


@pytest.mark.parametrize("wrong", ["replayed", "unverified", "elsewhere", "counted back", "not hers", "junk"])
def test_a_passkey_is_refused(house: House, browser: Browser, wrong: str) -> None:
    device = Authenticator()
    enrol(browser(house.owner), device)
    client = half_in(browser, house.owner.email)
    if wrong == "elsewhere":
        device.origin = "http://portail.evil.example"
    if wrong == "counted back":
        device.count = -1
    device.verifies = wrong != "unverified"
    if wrong == "not hers":
        device.credential_id = b"x" * 32
    answer = '{"response": 7}' if wrong == "junk" else device.get(client.get("/second-factor").text)
    if wrong == "replayed":
        assert show(client, passkey=answer) == 303
        client = half_in(browser, house.owner.email)
    page = client.post("/second-factor", data={"passkey": answer, "code": ""})
    assert page.status_code == 422 and client.get("/customers").status_code == 303
    if wrong == "elsewhere":
        assert f"ouvrez {URL}" in page.text
    assert ("passkey_count" in verbs()) == (wrong == "counted back") and "fail_factor" in verbs()


def test_a_code_of_the_application_serves_once(house: House, browser: Browser, at: At) -> None:
    application, _codes = enrol_app(browser(house.owner))
    at(MONDAY + timedelta(seconds=15))
    assert show(half_in(browser, house.owner.email), application.at(MONDAY)) == 422  # it enrolled it
    later = MONDAY + timedelta(seconds=60)
    at(later)
    half = half_in(browser, house.owner.email)
    before = {cookie.value for cookie in half._cookies.values()}
    assert show(half, application.at(later)) == 303
    assert half.get_cookie("sid").value not in before  # a session of its own
    assert show(half_in(browser, house.owner.email), application.at(later)) == 422
    assert stored(db.session.scalars(db.select(Totp)).one()).secret_sealed.count(application.secret) == 0


def test_a_recovery_code_serves_once_and_is_mailed(house: House, browser: Browser) -> None:
    _application, codes = enrol_app(browser(house.owner))
    assert show(half_in(browser, house.owner.email), codes[3].upper().replace("-", " ")) == 303
    assert show(half_in(browser, house.owner.email), codes[3]) == 422
    kinds = [mail.kind for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))]
    assert kinds[0] == "accounts/mail_factor" and kinds.count("accounts/mail_factor") == 2
    assert "accounts/mail_device" in kinds  # a browser that it did not know


def test_what_is_half_open_ends_by_time_and_by_tries(house: House, browser: Browser, at: At) -> None:
    _application, codes = enrol_app(browser(house.owner))
    client = half_in(browser, house.owner.email)
    at(MONDAY + timedelta(minutes=11))
    assert show(client, codes[0]) == 303 and client.get("/customers").status_code == 303
    client = half_in(browser, house.owner.email)
    for _ in range(4):
        assert show(client, "000000") == 422
    other = half_in(browser, house.owner.email)
    assert show(client, codes[0]) == 303 and client.get("/customers").status_code == 303  # a newer one began
    assert show(other, "000000") == 422
    assert show(other, codes[0]) == 429  # wrong codes count as wrong passwords do
    assert other.get("/customers").status_code == 303
    assert {row.tries for row in db.session.scalars(db.select(HalfSignIn))} == {0, 4, 1}


def test_staff_without_a_factor_find_the_way_to_one_and_nothing_else(
    app: Flask, house: House, browser: Browser, required: None
) -> None:
    house.owner.role = house.owner.role
    customer = a_customer(house.reseller)
    hers = a_user(customer.organisation, app_role("customer"))
    for person in (house.owner, house.finance):
        client = browser(person)
        for path in ("/", "/customers", "/people", "/today.json"):
            answer = client.get(path)
            assert (answer.status_code, answer.location) == (303, ACCOUNT), path
        swap = client.get("/customers", headers={"HX-Request": "true"})
        assert swap.headers["HX-Redirect"] == ACCOUNT
        assert client.get("/account").status_code == 200
        assert "exigé pour votre rôle" in client.get(ACCOUNT).text
    assert browser(hers).get("/").status_code == 200
    owner = browser(house.owner)
    enrol_app(owner)
    assert owner.get("/customers").status_code == 200
    row = db.session.scalars(db.select(Totp)).one()
    answer = owner.post(f"{ACCOUNT}/{row.uid}/removal")
    assert answer.status_code == 422 and "dernier facteur" in answer.text
    enrol(owner, Authenticator())
    assert owner.post(f"{ACCOUNT}/{row.uid}/removal").status_code == 303
    assert has_factor(house.owner) and db.session.scalars(db.select(Totp)).all() == []
    assert owner.post("/logout").status_code == 303


def app_role(name: str) -> object:
    from portal.access import Role

    return Role(name)


def test_factors_are_ones_own(house: House, browser: Browser) -> None:
    enrol(browser(house.sales), Authenticator(), name="À elle")
    row = db.session.scalars(db.select(Passkey)).one()
    owner = browser(house.owner)
    for path in ("name", "removal"):
        assert owner.post(f"{ACCOUNT}/{row.uid}/{path}", data={"name": "x"}).status_code == 404
    assert "À elle" not in owner.get(ACCOUNT).text
    sales = browser(house.sales)
    assert sales.post(f"{ACCOUNT}/{row.uid}/name", data={"name": " Clé du  bureau "}).status_code == 303
    assert "Clé du bureau" in sales.get(ACCOUNT).text
    slow = browser(house.sales, confirmed=False).post(f"{ACCOUNT}/{row.uid}/removal")
    assert 'name="confirm-password"' in slow.text and stored(row) is not None
