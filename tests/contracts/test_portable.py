"""A contract to take along: re-run anywhere, judged by anybody."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from portal.contracts import portable
from portal.crypto.secrets import keyring
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.licensing.license_file import sign
from portal.simulator.cli import simulate
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import Notice, terminate
from tests.builders import House, an_outsider
from tests.contracts.builders import dobaas, dropcloud, natso, numspot

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
STARTED = {"started_on": date(2026, 1, 15), "billed_before": date(2027, 1, 15)}


def amended(row: Subscription) -> None:
    """Twenty days to hand the data over, signed by both."""
    db.session.add(
        SignedAmendment(
            organisation=row.customer.organisation,
            subscription_id=row.id,
            kind=AmendmentKind.AMENDMENT,
            label="Avenant n° 1",
            signed_on=date(2026, 3, 1),
            effective_on=date(2026, 4, 1),
            values={"reversibility.delivery_days": {"value": 20, "clause": "004-30"}},
            created_by="test",
        )
    )
    db.session.commit()


def taken(client: FlaskClient, row: Subscription) -> bytes:
    answer = client.get(f"/contracts/{row.uid}/portable.json")
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    return answer.data


def checked(client: FlaskClient, file: bytes) -> Any:
    data = {"file": (io.BytesIO(file), "contrat.json")}
    return client.post("/portable-contract", data=data, content_type="multipart/form-data")


def test_a_contract_with_its_amendment_and_its_notice_is_re_run_from_its_file_alone(
    house: House, browser: Browser, at: At, tmp_path: Path
) -> None:
    row = dobaas(house, **STARTED)
    amended(row)
    at(datetime(2026, 9, 1, 9, tzinfo=UTC))
    terminate(row, Notice(date(2026, 9, 1), at_term=False), by=SYSTEM)
    db.session.commit()
    file = taken(browser(house.owner), row)
    payload = json.loads(file)["payload"]
    assert [each["what"] for each in payload["case"]["events"]] == ["terminate"]
    assert payload["amendments"][0]["label"] == "Avenant n° 1"
    (tmp_path / "contrat.json").write_bytes(file)
    told = CliRunner().invoke(simulate, [str(tmp_path / "contrat.json")])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == payload["answers"]
    ends = next(each for each in payload["answers"]["calendar"] if each["what"] == "contract_ends")
    assert ends["on"] == row.ends_on.isoformat() == "2027-03-01"
    page = checked(browser(None), file)
    assert page.status_code == 200 and "le moteur répond la même chose" in page.text


@pytest.mark.parametrize("sell", [natso, dropcloud, numspot, dobaas])
def test_each_contract_can_be_taken_along(house: House, browser: Browser, sell: Any) -> None:
    row = sell(house, **STARTED)
    assert "intact, et le moteur" in checked(browser(None), taken(browser(house.owner), row)).text


def test_a_changed_file_is_refused_and_another_engine_is_told(house: House, browser: Browser) -> None:
    row = dobaas(house, **STARTED)
    file = taken(browser(house.owner), row)
    forged = checked(browser(None), file.replace(b"30000", b"20000"))
    assert forged.status_code == 422 and "signature" in forged.text
    nothing = checked(browser(None), b"{}")
    assert nothing.status_code == 422 and "illisible" in nothing.text
    with pytest.raises(Refused, match="illisible"):
        portable.judge(b" " * 1_000_001)
    payload = json.loads(file)["payload"]
    payload["answers"]["calendar"] = payload["answers"]["calendar"][1:]
    ring = keyring()
    told = checked(browser(None), sign(payload, ring.license_key, ring.license_kid))
    assert told.status_code == 200 and "ne répond plus la même chose" in told.text


def test_only_who_sees_the_contract_takes_it_along(house: House, browser: Browser) -> None:
    row = dobaas(house, **STARTED)
    assert browser(an_outsider(house)).get(f"/contracts/{row.uid}/portable.json").status_code == 404
    page = browser(house.owner).get(f"/subscriptions/{row.uid}").text
    assert f"/contracts/{row.uid}/portable.json" in page
