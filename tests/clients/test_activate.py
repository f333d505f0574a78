"""The reference client against the real web server: a life with network, and one without."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from clients.activate import License, LicenseError, main, read_key
from portal import clock
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.machines import answer_request, read_request
from portal.licensing.models import Activation, ActivationKey, issue_key
from tests.builders import a_customer, a_house
from tests.installation import Installs, free_port

pytestmark = pytest.mark.slow


SYSTEM_OF_ONE = {"users": 3, "internal_disks": 1, "network": False, "external": False, "os": "Windows 10"}


def a_key(today: date) -> str:
    key = issue_key(
        a_customer(a_house().reseller),
        product="NATSO BACKUP+",
        product_code=3,
        seats=2,
        valid_through=today + timedelta(days=90),
        source_uid="order",
        by=SYSTEM,
    )
    db.session.commit()
    return key.code


def the_key() -> ActivationKey:
    return db.session.scalars(db.select(ActivationKey)).one()


def refused(what: object, *arguments: object) -> str:
    with pytest.raises(LicenseError) as told:
        what(*arguments)  # type: ignore[operator]
    return told.value.code


def test_two_machines_live_with_the_network_and_without(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datetime.now().astimezone()
    monkeypatch.setattr(clock, "now", lambda: real)  # the web server's clock is the machine's
    paid = real.date() + timedelta(days=90)
    (tmp_path / "place").mkdir()
    with an_installation(tmp_path / "place") as place:
        with place.context():
            key = a_key(real.date())
        with place.web() as url:
            keys = httpx.get(f"{url}/api/v1/license-keys").json()
            lives_with_the_network(url, tmp_path, keys, key, paid)
        with place.context():
            told = db.session.scalars(db.select(Activation).where(Activation.fingerprint == "m1"))
            assert SYSTEM_OF_ONE in [machine.system for machine in told]
        gone = License(f"http://127.0.0.1:{free_port()}", tmp_path / "one", keys, "m1")
        assert not gone.heartbeat() and gone.state() == "VALID", "nobody answers: the file counts on"
        assert gone.state(real + timedelta(days=30)) == "VALID"
        assert gone.state(real + timedelta(days=31)) == "CHECKIN_OVERDUE"
        assert refused(gone.state, real) == "CLOCK_SET_BACK"

        alone = License("http://127.0.0.1:1", tmp_path / "alone", keys, "m2")
        assert refused(alone.activate, key) == "OFFLINE" and refused(alone.state) == "NOT_ACTIVATED"
        ask, answer = tmp_path / "request.json", tmp_path / "response.json"
        for days in (90, 455):  # first, and once the next year is paid
            alone.write_request(key.lower().replace("-", ""), ask)
            assert key not in ask.read_text()
            if days == 455:
                assert refused(alone.read_response, answer) == "BAD_FILE", "the answer of last year"
            with place.context():
                the_key().seats, the_key().valid_through = 3, real.date() + timedelta(days=days)
                file = answer_request(the_key(), read_request(ask.read_bytes()), by=SYSTEM)
                db.session.commit()
            answer.write_text(file)
            alone.read_response(answer)
            assert alone.state(real + timedelta(days=days)) == "VALID"
            if days == 90:
                assert alone.state(real + timedelta(days=91)) == "EXPIRED"
        answer.write_text(file.replace(alone.fingerprint, "m3"))
        assert refused(alone.read_response, answer) == "BAD_FILE"


def lives_with_the_network(url: str, folder: Path, keys: dict[str, str], key: str, paid: date) -> None:
    one = License(url, folder / "one", keys, "m1")
    assert one.activate(key.lower())["valid_through"] == paid.isoformat()
    assert one.state() == "VALID" and one.heartbeat(SYSTEM_OF_ONE) and one.fetch_revocations()
    (folder / "keys.json").write_text(json.dumps(keys))
    own = ["--url", url, "--folder", str(folder / "command"), "--keys", str(folder / "keys.json")]
    assert main(["activate", key, *own]) == 0 and main(["heartbeat", *own]) == 0
    third = License(url, folder / "third", keys, "m3")
    assert refused(third.activate, key) == "NO_SEAT_LEFT"
    httpx.post(f"{url}/api/v1/deactivations", json={"key": key, "fingerprint": "m1"}).raise_for_status()
    assert one.fetch_revocations() and one.state() == "REVOKED"
    assert refused(one.heartbeat) == "NOT_ACTIVATED"
    assert third.activate(key)["fingerprint"] == "m3"
    released = License(url, folder / "third", keys, "m3")
    httpx.post(f"{url}/api/v1/deactivations", json={"key": key, "fingerprint": "m3"}).raise_for_status()
    assert released.fetch_revocations()
    one.activate(key)
    assert one.fetch_revocations() and one.state() == "VALID"


def test_a_key_that_is_typed_wrongly_is_not_sent() -> None:
    assert read_key(" 2x6lp-sw7ge tkn3e2tgsc") == "2X61P-SW7GE-TKN3E-2TGSC"
    for wrong in ("2X61P-SW7GE-TKN3E-2TGSD", "2X61P", "2X61P-SW7GE-TKN3E-2TGSU"):
        assert refused(read_key, wrong) == "BAD_KEY"
