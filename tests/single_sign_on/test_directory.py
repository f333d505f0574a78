"""People come in through the directory of their house: a real OpenID Connect provider on this machine."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.single_sign_on import protocol
from portal.single_sign_on.models import Directory, DirectoryIdentity
from tests.builders import House, a_user, stored
from tests.vaulting import wait_for
from tour.instance import free_port

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
SALES = "lea@maison.example"
CLAIMS: dict[str, Any] = {"email": SALES, "email_verified": True, "groups": ["vente"], "amr": ["pwd", "mfa"]}


PEOPLE: dict[str, dict[str, Any]] = {
    "lea": CLAIMS,
    "other": CLAIMS,
    "weak": {**CLAIMS, "amr": ["pwd"]},
    "nowhere": {**CLAIMS, "groups": ["autre"]},
    "unchecked": {**CLAIMS, "email_verified": False},
    "stranger": {**CLAIMS, "email": "x@ailleurs.example"},
    "mute": {"groups": ["vente"]},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A program of its own on this machine, which knows these people."""
    port = free_port()
    words = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
    ]
    address = f"http://localhost:{port}"
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            wait_for(lambda: _answers(address), 30)
            for sub, claims in PEOPLE.items():
                httpx.put(f"{address}/users/{sub}", json=claims).raise_for_status()
            yield address
        finally:
            program.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/jwks").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def directory(app: Flask, at: At, provider: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where it answers. Its clock is that of this machine, and so is the portal's meanwhile."""
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    at(datetime.now(UTC))
    return provider


def lea(house: House) -> User:
    user = a_user(house.reseller, Role.SALES, "Léa")
    user.person.email = SALES
    db.session.commit()
    return user


def settings(client: FlaskClient, issuer: str, **other: str) -> Any:
    typed = {
        "issuer": issuer,
        "client_id": "portail",
        "secret": "tres secret",
        "role_claim": "groups",
        "roles": "vente = sales\npatron = owner",
        "wants_factor": "y",
        "is_on": "y",
    }
    return client.post("/people/directory", data={**typed, **other})


def send_away(client: FlaskClient, email: str = SALES, then: str = "/customers") -> str:
    """To the sign-in page of the directory, by the portal's own pages."""
    page = client.post("/directory", data={"email": email, "next": then}).text
    link = unescape(re.findall(r'href="(/directory/\w{16}\?[^"]*)"', page)[0])
    answer = client.get(link)
    assert answer.status_code == 303
    return str(answer.location)


def come_back(client: FlaskClient, there: str, who: str = "lea") -> Any:
    """She signs in there, and the directory sends her back."""
    answer = httpx.post(there, data={"sub": who})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    assert (back.scheme, back.path) == ("http", "/directory/back")
    return client.get(f"{back.path}?{back.query}")


def test_somebody_invited_comes_in_with_the_role_of_her_group_and_where_she_wanted(
    house: House, browser: Browser, directory: str
) -> None:
    user = lea(house)
    assert settings(browser(house.owner), directory, roles="vente = owner").status_code == 303
    client = browser()
    assert "/directory" in client.get("/login").text
    there = send_away(client)
    assert "code_challenge_method=S256" in there and "nonce=" in there and "tres" not in there
    answer = come_back(client, there)
    assert (answer.status_code, answer.location) == (303, "/customers")
    assert "Léa" in client.get("/account").text
    assert stored(user).role == Role.OWNER
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(DirectoryIdentity.subject)).one() == "lea"
    raw = db.session.execute(db.text("select secret_sealed from directory")).scalar_one()
    assert "secret" not in raw


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("stranger", "Personne n'est invité ici"),
        ("nowhere", "Aucun de vos groupes"),
        ("unchecked", "pas vérifié votre adresse"),
        ("mute", "ne donne pas votre adresse"),
        ("weak", "exige un second facteur"),
    ],
)
def test_who_is_not_to_come_in_is_told_why(
    house: House, browser: Browser, directory: str, who: str, sentence: str
) -> None:
    lea(house)
    settings(browser(house.owner), directory)
    client = browser()
    answer = come_back(client, send_away(client), who)
    assert answer.status_code == 422 and sentence in unescape(answer.text)
    assert client.get("/account").status_code == 303
    set_scope(EVERYTHING)
    assert who == "weak" or db.session.scalars(db.select(DirectoryIdentity)).first() is None


def test_a_closed_access_and_another_account_of_the_directory_open_nothing(
    house: House, browser: Browser, directory: str
) -> None:
    user = lea(house)
    settings(browser(house.owner), directory)
    client = browser()
    assert come_back(client, send_away(client)).status_code == 303
    other = browser()
    answer = come_back(other, send_away(other), "other")
    assert answer.status_code == 422 and "lié à un autre compte" in answer.text
    stored(user).is_enabled = False
    a_user(house.reseller, Role.SALES, "Max").person.email = "max@maison.example"
    db.session.commit()
    late = browser()
    answer = come_back(late, send_away(late))
    assert answer.status_code == 422 and "est fermé" in answer.text


def test_an_answer_that_nobody_asked_for_or_that_comes_twice_or_late_opens_nothing(
    house: House, browser: Browser, directory: str, at: At
) -> None:
    lea(house)
    settings(browser(house.owner), directory)
    client = browser()
    there = send_away(client)
    sent = httpx.post(there, data={"sub": "lea"}).headers["location"]
    query = urlsplit(sent).query
    assert browser().get(f"/directory/back?{query}").status_code == 422  # another browser
    forged = re.sub(r"state=[^&]*", "state=x", query)
    assert client.get(f"/directory/back?{forged}").status_code == 422
    assert client.get(f"/directory/back?{query}").status_code == 422  # what was kept has served
    assert client.get("/directory/back").status_code == 422
    there = send_away(client)
    query = urlsplit(httpx.post(there, data={"sub": "lea"}).headers["location"]).query
    at(datetime.now(UTC) + timedelta(minutes=11))
    answer = client.get(f"/directory/back?{query}")
    assert answer.status_code == 422 and "dix minutes" in answer.text
    state = re.findall(r"[?&]state=([^&]*)", send_away(client))[0]
    answer = client.get(f"/directory/back?error=access_denied&state={state}")
    assert answer.status_code == 422 and "laissé entrer" in answer.text


def test_a_clock_that_is_hours_off_is_refused(house: House, browser: Browser, directory: str, at: At) -> None:
    lea(house)
    settings(browser(house.owner), directory)
    at(datetime.now(UTC) + timedelta(hours=2))
    client = browser()
    answer = come_back(client, send_away(client))
    assert answer.status_code == 422 and "pas recevable" in answer.text


def test_passwords_are_refused_only_once_somebody_came_in_and_open_again_without_it(
    house: House, browser: Browser, directory: str
) -> None:
    user = lea(house)
    user.set_password("assez long pour durer")
    db.session.commit()
    owner = browser(house.owner)
    answer = settings(owner, directory, is_only="y")
    assert answer.status_code == 422 and "plus personne" in answer.text
    settings(owner, directory)
    client = browser()
    come_back(client, send_away(client))
    assert settings(owner, directory, is_only="y").status_code == 303
    typed = {"email": SALES, "password": "assez long pour durer"}
    other = browser()
    answer = other.post("/login", data=typed)
    assert (answer.status_code, answer.location) == (303, "/directory?next=/&only=1")
    assert "plus le portail par mot de passe" in unescape(other.get(answer.location).text)
    assert other.get("/account").status_code == 303
    assert browser().post("/login", data={**typed, "password": "faux"}).status_code == 422
    assert owner.post("/people/directory/removal").status_code == 303
    assert browser().post("/login", data=typed).location == "/"


def test_who_has_no_password_confirms_grave_acts_by_the_directory(
    house: House, browser: Browser, directory: str, at: At
) -> None:
    lea(house)
    settings(browser(house.owner), directory, roles="vente = owner")
    client = browser()
    come_back(client, send_away(client))
    at(clock.now() + timedelta(seconds=301))
    asked = client.post("/people/directory/removal")
    assert asked.status_code == 200 and "/directory/confirm" in asked.text
    there = client.get("/directory/confirm")
    assert "prompt=login" in there.location and "max_age=0" in there.location
    answer = come_back(client, there.location)
    assert answer.status_code == 200 and "cinq minutes" in answer.text
    assert client.post("/people/directory/removal").status_code == 303


def test_nobody_else_confirms_for_her(house: House, browser: Browser, directory: str, at: At) -> None:
    lea(house)
    settings(browser(house.owner), directory)
    client = browser()
    come_back(client, send_away(client))
    assert client.get("/directory/confirm").status_code == 303
    other = browser(house.owner)  # of the same house, who has no account there
    assert "/directory/confirm" not in other.get("/password").text
    there = other.get("/directory/confirm")
    answer = come_back(other, there.location)
    assert answer.status_code == 422 and "pas celui qui est connecté" in answer.text


@pytest.mark.parametrize(
    "issuer", ["http://localhost:1", "https://127.0.0.1", "nulle part", "http://localhost:1/?a=b"]
)
def test_an_address_without_a_directory_is_said_next_to_its_field(
    house: House, browser: Browser, directory: str, issuer: str
) -> None:
    answer = settings(browser(house.owner), issuer)
    assert answer.status_code == 422 and "field-issuer" in answer.text and "tres secret" not in answer.text
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(Directory)).first() is None


def test_wrong_lists_of_roles_are_said_next_to_their_field(
    house: House, browser: Browser, directory: str
) -> None:
    client = browser(house.owner)
    assert settings(client, directory, roles="vente = Gérant").status_code == 303
    assert "vente = gérant" in client.get("/people/directory").text.lower()
    for roles in ("vente", "vente = ", "vente = dieu", "vente = technician"):
        assert settings(client, directory, roles=roles).status_code == 422, roles
    assert settings(browser(house.reader), directory).status_code == 403


# -- the token itself

KEY, OTHER = RSAKey.generate_key(2048, {"kid": "k"}), RSAKey.generate_key(2048, {"kid": "k"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def a_token(key: RSAKey = KEY, **other: Any) -> str:
    now = int(NOW.timestamp())
    claims = {
        "iss": "https://d.example",
        "sub": "s",
        "aud": "portail",
        "nonce": "n",
        "iat": now,
        "exp": now + 300,
    }
    claims = {name: value for name, value in {**claims, **other}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "k"}, claims, key)


def read(token: str, *, again: bool = False) -> dict[str, Any]:
    who = {"issuer": "https://d.example", "client_id": "portail", "nonce": "n"}
    return protocol.read_token(token, KEYS, **who, again=again)


def test_a_token_is_read_and_a_fresh_sign_in_is_seen(app: Flask, at: At) -> None:
    at(NOW)
    with app.test_request_context():
        assert read(a_token())["sub"] == "s"
        assert read(a_token(aud=["portail", "autre"], azp="portail"))["sub"] == "s"
        assert read(a_token(auth_time=int(NOW.timestamp()) - 60), again=True)["sub"] == "s"
        for old in (a_token(), a_token(auth_time=int(NOW.timestamp()) - 600)):
            with pytest.raises(Refused):
                read(old, again=True)


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "https://autre.example"},
        {"aud": "autre"},
        {"aud": ["portail", "autre"]},  # for whom?
        {"aud": ["portail", "autre"], "azp": "autre"},
        {"nonce": "x"},
        {"nonce": None},
        {"exp": int(NOW.timestamp()) - 61},
        {"iat": int(NOW.timestamp()) + 61},
        {"sub": None},
        {"exp": None},
        {"exp": "demain"},
        {"amr": "mfa"},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(app: Flask, at: At, other: dict[str, Any]) -> None:
    at(NOW)
    with app.test_request_context(), pytest.raises(Refused):
        read(a_token(**other))


def test_a_token_that_another_key_or_nobody_signed_is_refused(app: Flask, at: At) -> None:
    at(NOW)
    head, body, _signature = a_token().split(".")
    unsigned = "eyJhbGciOiJub25lIn0." + body + "."
    with app.test_request_context():
        for token in (a_token(OTHER), unsigned, f"{head}.{body}.", "", "a.b.c"):
            with pytest.raises(Refused):
                read(token)


def test_no_house_speaks_for_somebody_who_works_for_another_one_too(
    house: House, browser: Browser, directory: str
) -> None:
    user = lea(house)
    user.set_password("assez long pour durer")
    other = a_user(house.other, Role.OWNER, "Léa ailleurs")
    other.person = user.person
    db.session.commit()
    settings(browser(house.owner), directory)
    client = browser()
    answer = come_back(client, send_away(client))
    assert answer.status_code == 422 and "une autre maison" in answer.text
    assert client.get("/account").status_code == 303
