"""After the activation: checked, renewed, given back, on and off the network."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.crypto.key_file import read_key_file, write_key_file
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing import revocations
from portal.licensing.license_file import sign, verify
from portal.licensing.models import Activation, ActivationKey
from portal.licensing.rules import CHECK_IN_DAYS, RELEASES_PER_SEAT
from portal.safekeeping.rotation import KeyKind, promote, rotate
from tests.builders import House, a_user, an_outsider, stored
from tests.licensing.test_activation import a_key

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def ask(client: FlaskClient, what: str, key: ActivationKey | str, machine: str = "m1") -> Any:
    typed = key if isinstance(key, str) else key.code
    return client.post(f"/api/v1/{what}", json={"key": typed, "fingerprint": machine})


def state(client: FlaskClient, key: ActivationKey, machine: str = "m1") -> str:
    answer = ask(client, "validations", key, machine)
    assert answer.status_code == 200 and answer.json["message"]
    return str(answer.json["state"])


def opened(client: FlaskClient, file: bytes) -> dict[str, Any]:
    published = client.get("/api/v1/signing-keys").json["keys"]
    keys = {
        row["kid"]: Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["public_key"])) for row in published
    }
    return verify(file, keys)


def the_machine(fingerprint: str = "m1") -> Activation:
    query = db.select(Activation).where(Activation.fingerprint == fingerprint)
    return stored(db.session.scalars(query).one())  # type: ignore[return-value]


def test_validate_says_every_state(house: House, browser: Browser, at: At) -> None:
    client, key = browser(), a_key(house, seats=1)
    assert state(client, key) == "NO_MACHINE"
    assert ask(client, "activations", key).status_code == 201
    assert state(client, key) == "VALID"
    assert state(client, key, "m2") == "TOO_MANY_MACHINES"
    key.seats = 2
    assert state(client, key, "m2") == "FINGERPRINT_MISMATCH"
    at(clock.now() + timedelta(days=CHECK_IN_DAYS))
    assert state(client, key) == "VALID"
    at(clock.now() + timedelta(days=1))
    assert state(client, key) == "CHECKIN_OVERDUE"
    assert ask(client, "heartbeats", key).status_code == 200
    assert state(client, key) == "VALID"
    key.suspended_on = clock.today()
    assert state(client, key) == "SUSPENDED"
    assert ask(client, "heartbeats", key).json["error"]["code"] == "SUSPENDED"
    key.suspended_on, key.grace_through = None, date(2027, 12, 6)
    key.valid_through = date(2026, 11, 22)
    assert state(client, key) == "GRACE"
    key.grace_through = None
    assert state(client, key) == "EXPIRED"
    key.revoke(by=SYSTEM)
    assert state(client, key) == "REVOKED"
    unknown = ask(client, "validations", "2X61P-SW7GE-TKN3E-2TGSC")
    assert (unknown.status_code, unknown.json["error"]["code"]) == (404, "NOT_FOUND")


def test_a_key_is_read_as_people_type_it_and_a_slip_is_refused_before_anything_is_looked_up(
    house: House, browser: Browser
) -> None:
    client, key = browser(), a_key(house)
    assert ask(client, "activations", key).status_code == 201
    typed = key.code.replace("-", "").lower().replace("0", "o").replace("1", "l")
    assert ask(client, "validations", typed).json["state"] == "VALID"
    slip = key.code[:-1] + ("A" if key.code[-1] != "A" else "B")
    for what in ("validations", "heartbeats", "deactivations"):
        answer = ask(client, what, slip)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "MALFORMED_KEY")


def test_a_heartbeat_renews_the_file_with_what_is_paid(house: House, browser: Browser, at: At) -> None:
    client, key = browser(), a_key(house)
    first = ask(client, "activations", key).data
    assert ask(client, "heartbeats", key).data == first, "nothing has changed: the same bytes"
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    key.valid_through, key.grace_through = date(2028, 11, 22), date(2028, 12, 6)
    payload = opened(client, ask(client, "heartbeats", key).data)
    assert payload["valid_through"] == "2028-11-22" and payload["works_through"] == "2028-12-06"
    assert payload["check_by"] == "2026-12-31" and payload["issued_at"].startswith("2026-12-01")
    assert ask(client, "heartbeats", key, "m2").json["error"]["code"] == "NOT_ACTIVATED"


def test_old_files_stay_verifiable_after_the_signing_key_has_changed(
    app: Flask, house: House, browser: Browser, at: At
) -> None:
    folder = app.config["DATA_DIR"]
    before = read_key_file(folder)
    client, key = browser(), a_key(house)
    old = ask(client, "activations", key).data
    try:
        new_kid = rotate(folder, KeyKind.LICENCE)
        promote(folder, KeyKind.LICENCE, new_kid, now=True)
        new = ask(client, "heartbeats", key).data
        assert json.loads(new)["kid"] == new_kid != json.loads(old)["kid"]
        assert opened(client, old)["license"] == opened(client, new)["license"]
        rows = {row["kid"]: row for row in client.get("/api/v1/signing-keys").json["keys"]}
        assert rows[new_kid]["in_use"] and rows[new_kid]["from"] and not rows[new_kid]["until"]
        assert rows[json.loads(old)["kid"]]["until"], "the day on which it was replaced"
    finally:
        write_key_file(folder, before)


def test_a_seat_goes_to_another_machine_and_the_file_of_the_first_is_revoked(
    house: House, browser: Browser
) -> None:
    client, key = browser(), a_key(house, seats=1)
    first = opened(client, ask(client, "activations", key).data)["license"]
    assert ask(client, "activations", key, "m2").status_code == 409
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] == []
    assert ask(client, "deactivations", key).json == {"released": True}
    assert ask(client, "deactivations", key).json["error"]["code"] == "NOT_ACTIVATED"
    assert ask(client, "activations", key, "m2").status_code == 201
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] == [first]
    assert stored(key).seats_used == 1
    assert ask(client, "deactivations", key, "m2").status_code == 200
    again = ask(client, "activations", key)
    assert opened(client, again.data)["license"] == first, "back on the first machine"
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] != [first]


def test_000_58_seats_are_given_back_so_many_times_a_year(house: House, browser: Browser, at: At) -> None:
    client, key = browser(), a_key(house, seats=1)
    for _ in range(RELEASES_PER_SEAT):
        assert ask(client, "activations", key).status_code == 201
        assert ask(client, "deactivations", key).status_code == 200
    assert ask(client, "activations", key).status_code == 201
    refused = ask(client, "deactivations", key)
    assert refused.status_code == 422 and "Demandez à votre revendeur" in refused.json["error"]["message"]
    hers = her_owner(key)
    address = f"/keys/{key.uid}/machines/{the_machine().uid}/release"
    assert browser(hers).post(address).status_code == 422
    assert the_machine().released_at is None
    assert browser(house.support).post(address).status_code == 303, "her reseller may all the same"
    assert the_machine().released_at is not None
    at(clock.now() + timedelta(days=365))
    key.valid_through = date(2028, 11, 22)
    assert ask(client, "activations", key).status_code == 201
    assert browser(hers).post(address).status_code == 303
    assert browser(house.support).post(address).status_code == 422, "given back already"


def her_owner(key: ActivationKey) -> User:
    user = a_user(key.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return user


def upload(client: FlaskClient, of: ActivationKey, /, **values: str) -> Any:
    request = {"request": "license", "key": of.digest, "fingerprint": "air-gap", "nonce": "n1"}
    request |= {"hostname": "coffre"}
    file = io.BytesIO(json.dumps(request | values).encode())
    return client.post(f"/keys/{of.uid}/request-file", data={"file": (file, "demande.json")})


def test_a_machine_without_network_comes_and_is_renewed_by_file(
    house: House, browser: Browser, at: At
) -> None:
    key = a_key(house, seats=1)
    outsider = an_outsider(house)
    hers, stranger = browser(her_owner(key)), browser(outsider)
    for wrong in ({"request": "x"}, {"key": "0" * 16}, {"fingerprint": ""}, {"nonce": "x" * 65}):
        refused = upload(hers, key, **wrong)
        assert refused.status_code == 422 and "emande" in refused.text, wrong
    assert stored(key).seats_used == 0
    assert upload(stranger, key).status_code == 404 and upload(browser(house.reader), key).status_code == 403
    answer = upload(hers, key)
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    payload = opened(hers, answer.data)
    assert (payload["fingerprint"], payload["nonce"], payload["check_by"]) == ("air-gap", "n1", None)
    assert payload["works_through"] == "2027-11-22" and stored(key).seats_used == 1
    assert upload(hers, key, fingerprint="other").status_code == 422, "no seat left"
    at(datetime(2027, 10, 1, 9, tzinfo=UTC))
    key.valid_through = date(2028, 11, 22)
    renewed = upload(browser(house.support), key, nonce="n2")
    payload = opened(hers, renewed.data)
    assert (payload["works_through"], payload["nonce"]) == ("2028-11-22", "n2")
    assert state(browser(), key, "air-gap") == "VALID", "never overdue"
    page = browser(house.support).get(f"/keys/{key.uid}").text
    assert (
        "sans réseau" in page and "Libérer le poste" in page and key.masked in page and key.code not in page
    )
    assert "Libérer le poste" not in browser(house.sales).get(f"/keys/{key.uid}").text
    assert browser(outsider).get(f"/keys/{key.uid}").status_code == 404


def test_the_list_of_what_is_revoked_is_signed_once_for_what_it_says(
    house: House, browser: Browser, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[object] = []

    def counted(*args: Any) -> bytes:
        signed.append(args[0])
        return sign(*args)

    monkeypatch.setattr(revocations, "sign", counted)
    client, key = browser(), a_key(house, seats=2)
    for machine in ("m1", "m2"):
        assert ask(client, "activations", key, machine).status_code == 201
        assert ask(client, "deactivations", key, machine).status_code == 200
    first = client.get("/api/v1/revocations")
    for _ in range(20):
        again = client.get("/api/v1/revocations")
        assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    unchanged = client.get("/api/v1/revocations", headers={"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data, len(signed)) == (304, b"", 1)
    at(clock.now() + timedelta(hours=1))
    assert ask(client, "activations", key).status_code == 201
    changed = client.get("/api/v1/revocations", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and len(signed) == 2
    assert opened(client, changed.data)["revoked"] == [the_machine("m2").uid]


def test_the_list_forgets_a_licence_once_its_own_file_stops_the_machine(
    house: House, browser: Browser, at: At
) -> None:
    client, key = browser(), a_key(house, seats=2)
    for machine in ("m1", "m2"):
        assert ask(client, "activations", key, machine).status_code == 201
    the_machine("m2").is_offline = True
    for machine in ("m1", "m2"):
        assert ask(client, "deactivations", key, machine).status_code == 200
    both = [the_machine("m1").uid, the_machine("m2").uid]
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] == both
    at(clock.now() + timedelta(days=CHECK_IN_DAYS))
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] == both, "its last day"
    at(clock.now() + timedelta(days=1))
    assert opened(client, client.get("/api/v1/revocations").data)["revoked"] == both[1:], "never checks in"
