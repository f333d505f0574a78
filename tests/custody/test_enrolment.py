"""The sheet that the customer prints: what the portal learns of it, and what it cannot learn."""

import re

import pytest

from portal.config import ROOT
from portal.custody.register import notes_of
from portal.engine.models import Custody
from tests.builders import stored

DONE = {"holder": "Claude Exemple", "printed": "y"}


def test_the_page_carries_no_secret_and_no_field_for_one(browser, owner, vault):
    client = browser(owner)
    assert f"/vaults/{vault.uid}/enrolment" in client.get(f"/vaults/{vault.uid}").text
    page = client.get(f"/vaults/{vault.uid}/enrolment").text
    assert re.search(r'<p class="secret" id="secret" translate="no"></p>', page)
    names = set(re.findall(r'<input[^>]* name="(\w+)"', page))
    assert names - {"csrf_token", "next", "q"} == {"holder", "printed"}
    assert "restic key add" in page and "restic init" in page


def test_its_script_sends_nothing():
    script = (ROOT / "static" / "enrolment.js").read_text()
    assert "getRandomValues(new Uint8Array(16))" in script
    for way in (
        "fetch",
        "XMLHttpRequest",
        "sendBeacon",
        "WebSocket",
        "submit",
        ".value",
        "Storage",
        "cookie",
        "location",
        "Math.random",
    ):
        assert way not in script, way


def test_the_custody_follows_the_confirmation(browser, owner, vault):
    client, address = browser(owner), f"/vaults/{vault.uid}/enrolment"
    assert client.post(address, data={"holder": "x"}).status_code == 422
    assert stored(vault).custody == Custody.CUSTOMER
    assert client.post(address, data=DONE).status_code == 303
    assert stored(vault).custody == Custody.RECOVERY_SHEET
    (note,) = notes_of(vault)
    assert (note.holder, note.email, note.noted_by) == ("Claude Exemple", owner.email, owner.label)
    assert "avec votre feuille de secours" in client.get(f"/vaults/{vault.uid}").text


@pytest.mark.parametrize("role", ["operator", "technician", "owner", "support"])
def test_staff_make_no_sheet(browser, house, vault, role):
    client = browser(getattr(house, role))
    assert client.get(f"/vaults/{vault.uid}/enrolment").status_code == 403
    assert client.post(f"/vaults/{vault.uid}/enrolment", data=DONE).status_code == 403
