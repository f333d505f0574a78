"""A machine outside the limits of its edition: told first, noted as a usage gap a week later."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.db import EVERYTHING, db, set_scope
from portal.licensing.models import Activation, ActivationKey
from portal.mail import Mail
from tests.builders import House, stored
from tests.changes.test_changes import a_year, change, live, one
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
INSIDE = {"users": 1, "internal_disks": 2, "network": False, "external": False}


def tell(client: FlaskClient, what: str, key: ActivationKey, **system: Any) -> Any:
    body = {"key": key.code, "fingerprint": "m1", "hostname": "poste-1", "system": INSIDE | system}
    return client.post(f"/api/v1/{what}", json=body)


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Mail).where(Mail.kind == kind)))


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ({"users": 2}, "1 utilisateur au plus"),
        ({"internal_disks": 3}, "2 disques internes au plus"),
        ({"network": True}, "ni partage réseau ni autre ordinateur"),
        ({"external": True}, "pas de disque externe"),
    ],
)
def test_000_05_a_machine_outside_its_edition_is_told_of_then_a_gap(
    house: House, browser: Browser, at: At, system: dict[str, Any], said: str
) -> None:
    a_year(house)
    key = one(ActivationKey)
    assert tell(browser(), "activations", key).status_code == 201
    assert mails("backups/mail_edition") == [], "inside: nothing to say"
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    for _ in range(3):
        assert tell(browser(), "heartbeats", key, **system).status_code == 200, "nothing is cut"
    (told,) = mails("backups/mail_edition")
    assert said in told.body and "8 décembre 2026" in told.body and key.code not in told.body
    assert len(mails("backups/mail_edition_staff")) == 2
    page = browser(house.support).get(f"/keys/{key.uid}").text
    assert said in page and "8 décembre 2026" in page
    live(at, 2026, 12, 7)
    assert db.session.scalars(db.select(UsageGap)).all() == []
    live(at, 2026, 12, 8)
    live(at, 2026, 12, 9)
    gap = one(UsageGap)
    assert (gap.kind, gap.used, gap.contracted, gap.extra_cents) == (GapKind.EDITION, 1, 0, None)
    assert gap.clause is not None and gap.clause.clause == "000-05"
    page = browser(house.finance).get(f"/usage-gaps/{gap.uid}").text
    assert "000-05" in page and "se règle par un avenant" in page


def test_a_machine_that_is_back_inside_in_the_week_is_no_gap(house: House, browser: Browser, at: At) -> None:
    a_year(house)
    key = one(ActivationKey)
    assert tell(browser(), "activations", key, users=4).status_code == 201
    assert stored(one(Activation)).outside_since == date(2026, 11, 23)
    at(datetime(2026, 11, 28, 9, tzinfo=UTC))
    assert tell(browser(), "heartbeats", key).status_code == 200
    assert stored(one(Activation)).outside_since is None
    live(at, 2026, 12, 2)
    assert db.session.scalars(db.select(UsageGap)).all() == []


def test_the_server_edition_has_no_such_limits_and_settles_the_gap(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    server = a_product(house, code="NB-SRV", name="NATSO BACKUP+ Serveur", unit_cents=11_988, key_product=5)
    assert tell(browser(), "activations", one(ActivationKey), network=True).status_code == 201
    live(at, 2026, 12, 1)
    assert one(UsageGap).state == GapState.OPEN
    client = browser(house.owner)
    assert change(client, subscription, kind="plan", product=server.uid, when="now").status_code == 303
    assert stored(one(UsageGap)).state == GapState.DISMISSED
    new = one(ActivationKey)
    assert tell(browser(), "activations", new, network=True, users=30).status_code == 201
    assert len(mails("backups/mail_edition")) == 1


@pytest.mark.parametrize("told", [[], "x", {"users": 1}, INSIDE | {"users": "1"}, INSIDE | {"users": -1}])
def test_what_is_no_system_is_refused_with_the_field(house: House, browser: Browser, told: Any) -> None:
    a_year(house)
    body = {"key": one(ActivationKey).code, "fingerprint": "m1", "system": told}
    answer = browser().post("/api/v1/activations", json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "system")
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(Activation)).all() == []


def test_000_43_a_system_that_the_contract_does_not_name_is_told_of_once_and_nothing_is_cut(
    house: House, browser: Browser, at: At
) -> None:
    a_year(house)
    key = one(ActivationKey)
    assert tell(browser(), "activations", key, os="Windows 10 Pro").status_code == 201
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert tell(browser(), "heartbeats", key, os="macOS 14.1").status_code == 200
    assert mails("backups/mail_system") == [], "named: nothing to say"
    for _ in range(3):
        assert tell(browser(), "heartbeats", key, os="Windows 11 Pro").status_code == 200
    (told,) = mails("backups/mail_system")
    assert "Windows 11 Pro" in told.body and "000-43" in told.body and "Windows Server 2012" in told.body
    assert len(mails("backups/mail_system_staff")) == 2
    assert "Windows 11 Pro" in browser(house.support).get(f"/keys/{key.uid}").text
    live(at, 2026, 12, 9)
    assert db.session.scalars(db.select(UsageGap)).all() == [], "a word, no gap"
    assert tell(browser(), "heartbeats", key, os="x" * 81).status_code == 422
