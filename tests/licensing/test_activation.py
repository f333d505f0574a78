"""The activation API: five seats, six machines."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.floods import _held, count_in_lots
from portal.api.views import KEY_MOST, UNKNOWN_MOST, WINDOW
from portal.db import db, new_uid
from portal.journal import SYSTEM
from portal.licensing.codes import make_code
from portal.licensing.license_file import verify
from portal.licensing.models import ActivationKey, issue_key
from portal.operations.purge import purge
from tests.builders import House, a_customer
from tests.counting import statements

Browser = Callable[..., FlaskClient]


def a_key(house: House, seats: int = 5) -> ActivationKey:
    key = issue_key(
        a_customer(house.reseller),
        product="NATSO BACKUP+",
        product_code=3,
        seats=seats,
        valid_through=date(2027, 11, 22),
        source_uid="order",
        by=SYSTEM,
    )
    db.session.commit()
    return key


def activate(client: FlaskClient, key: str, machine: str) -> object:
    return client.post("/api/v1/activations", json={"key": key, "fingerprint": machine, "hostname": "poste"})


def test_a_machine_gets_a_licence_file_that_verifies_offline(house: House, browser: Browser) -> None:
    client, key = browser(), a_key(house)
    answer = client.post("/api/v1/activations", json={"key": key.code.lower(), "fingerprint": "m1"})
    assert answer.status_code == 201
    published = client.get("/api/v1/license-keys").json
    keys = {kid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw)) for kid, raw in published.items()}
    payload = verify(answer.data, keys)
    assert (payload["fingerprint"], payload["valid_through"]) == ("m1", "2027-11-22")


def test_the_same_machine_again_gets_the_same_bytes_and_no_seat_more(house: House, browser: Browser) -> None:
    client, key = browser(), a_key(house)
    first = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "m1"})
    second = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "m1"})
    assert (second.status_code, second.data) == (201, first.data)
    db.session.expire_all()
    assert key.seats_used == 1


def test_the_sixth_machine_is_refused_with_a_code(house: House, browser: Browser) -> None:
    client, key = browser(), a_key(house)
    for number in range(5):
        answer = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": f"m{number}"})
        assert answer.status_code == 201
    answer = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "m5"})
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "NO_SEAT_LEFT"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"key": "AAAAA-AAAAA-AAAAA-AAAAA", "fingerprint": "m"}, 422, "MALFORMED_KEY"),
        ({"key": "", "fingerprint": "m"}, 422, "INVALID"),
        ({"key": "2X61P-SW7GE-TKN3E-2TGSC", "fingerprint": "m"}, 404, "NOT_FOUND"),
        ({"key": "2X61P-SW7GE-TKN3E-2TGSC", "fingerprint": "m\u0000"}, 422, "INVALID"),
        ({"key": "2X61P-SW7GE-TKN3E-2TGSC", "fingerprint": ["m"]}, 422, "INVALID"),
        ({"key": "2X61P-SW7GE-TKN3E-2TGSC", "fingerprint": "x" * 65}, 422, "INVALID"),
        ([], 422, "INVALID"),
    ],
)
def test_bad_requests_get_a_code(
    house: House, browser: Browser, body: object, status: int, code: str
) -> None:
    answer = browser().post("/api/v1/activations", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


def test_an_unreadable_body_is_not_an_accident(house: House, browser: Browser) -> None:
    answer = browser().post("/api/v1/activations", data=b"\xff{", content_type="application/json")
    assert answer.status_code == 422


def test_an_expired_or_revoked_key_is_gone(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    client, key = browser(), a_key(house)
    at(datetime(2027, 11, 22, 22, 59, tzinfo=UTC))  # 23:59 in Paris, last paid day
    assert client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "a"}).status_code == 201
    at(datetime(2027, 11, 22, 23, 1, tzinfo=UTC))
    answer = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "b"})
    assert (answer.status_code, answer.json["error"]["code"]) == (410, "EXPIRED")
    at(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    key.revoke(by=SYSTEM)
    db.session.commit()
    answer = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": "b"})
    assert (answer.status_code, answer.json["error"]["code"]) == (410, "REVOKED")


def test_the_key_is_nowhere_in_clear_in_its_row(house: House) -> None:
    key = a_key(house)
    row = db.session.execute(db.text("select * from activation_key")).mappings().one()
    assert key.code not in json.dumps({name: str(value) for name, value in row.items()})


def test_a_moved_ciphertext_does_not_open(app: Flask, house: House) -> None:
    from cryptography.exceptions import InvalidTag

    first = a_key(house)
    second = issue_key(
        first.customer,
        product="x",
        product_code=1,
        seats=1,
        valid_through=date(2027, 1, 1),
        source_uid="o",
        by=SYSTEM,
    )
    second.code_sealed = first.code_sealed
    with pytest.raises(InvalidTag):
        _ = second.code


def test_an_address_that_guesses_is_told_to_wait_and_the_right_key_still_works(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    client, key = browser(), a_key(house)
    unknown = make_code(3).text
    answers = [activate(client, unknown, "m1").status_code for _ in range(UNKNOWN_MOST + 2)]
    assert answers == [404] * UNKNOWN_MOST + [429, 429]
    told = activate(client, unknown, "m1")
    assert told.json["error"]["code"] == "TOO_MANY" and 0 < int(told.headers["Retry-After"]) <= WINDOW
    assert activate(client, key.code, "m1").status_code == 201  # a colleague behind the same address
    at(clock.now() + timedelta(seconds=WINDOW + 1))
    assert activate(client, unknown, "m1").status_code == 404


def test_a_machine_that_asks_often_costs_the_database_one_question(house: House, browser: Browser) -> None:
    client, key = browser(), a_key(house)
    body = {"key": key.code, "fingerprint": "m1"}
    assert activate(client, key.code, "m1").status_code == 201
    with statements() as told:
        assert client.post("/api/v1/validations", json=body).json["state"] == "VALID"
    assert len(told) == 1 and "FROM activation_key" in told[0]
    with statements() as told:
        assert client.post("/api/v1/heartbeats", json=body).status_code == 200
    assert len(told) == 1, "at the same instant it has nothing new to note"


def test_a_new_machine_costs_one_look_and_what_it_writes(house: House, browser: Browser) -> None:
    client, code = browser(), a_key(house).code
    assert activate(client, code, "m1").status_code == 201
    with statements() as told:
        assert activate(client, code, "m2").status_code == 201
    looked, seated, *written = told
    assert "FROM activation_key" in looked and seated.startswith("UPDATE activation_key")
    assert [line.split()[2] for line in written] == ["activation", "machine", "journal_entry"]


def test_a_second_process_tells_what_it_counted_alone(house: House) -> None:
    subject, most = f"key:{new_uid()}", 160
    assert [count_in_lots(subject, most=most, seconds=WINDOW) for _ in range(most)] == [0] * most
    _held.pop(subject)  # another process knows nothing of it
    waits = [count_in_lots(subject, most=most, seconds=WINDOW) for _ in range(11)]
    assert not any(waits[:9]) and any(waits[9:])
    assert 0 < count_in_lots(subject, most=most, seconds=WINDOW) <= WINDOW


def test_a_key_that_calls_without_end_is_told_to_wait(house: House, browser: Browser) -> None:
    client, key = browser(), a_key(house, seats=5)
    most = KEY_MOST + 4 * 5
    answers = [activate(client, key.code, "m1").status_code for _ in range(most + 1)]
    assert answers == [201] * most + [429]
    tokens = client.post("/api/v1/machine-tokens", json={"key": key.code, "fingerprint": "m1"})
    assert tokens.status_code == 429
    purge()
    assert activate(client, key.code, "m1").status_code == 429  # not before a day
