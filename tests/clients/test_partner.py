"""A partner's script against the real web server: a sale from the customer to the invoice's paper."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from portal import clock
from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import record_wire
from portal.terms.shipped import find_stack
from tests.builders import a_house, work
from tests.installation import Installs
from tests.partners.builders import a_body, a_token
from tests.subscriptions.builders import a_product

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parents[2] / "clients" / "partner.py"


def run(url: str, token: str, *words: str) -> Any:
    command = [sys.executable, str(SCRIPT), *words, "--url", url]
    done = subprocess.run(
        command, env={**os.environ, "PARTNER_TOKEN": token}, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def test_a_sale_is_lived_by_a_script_and_twice_is_once(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datetime.now().astimezone()
    monkeypatch.setattr(clock, "now", lambda: real)  # the web server's clock is the machine's
    (tmp_path / "place").mkdir()
    body = tmp_path / "customer.json"
    body.write_text(json.dumps(a_body(partner_reference="C-17", terms="natso")))
    sale = ["sell", "--customer", str(body), "--offer", "NB-WS", "--quantity", "2", "--key", "sale-1"]
    with an_installation(tmp_path / "place") as place:
        with place.context():
            house = a_house()
            a_product(house)
            token = a_token(house.sales)
        with place.web() as url:
            assert run(url, token, *sale).startswith("#/accepted: "), "her signatory has a link first"
            with place.context():
                customer = db.session.scalars(db.select(Customer)).one()
                customer.accept(find_stack("natso"), by=SYSTEM, address="127.0.0.1")
                db.session.commit()
            order = run(url, token, *sale)
            assert run(url, token, *sale) == order
            told = run(url, token, "show", "--order", order["uid"])
            assert told["order"]["state"] == order["state"] and told["keys"] == told["invoices"] == []
            with place.context():
                paid = db.session.scalars(db.select(Order)).one()
                cents = paid.gross_cents
                record_wire(paid, received_on=real.date(), amount_cents=cents, reference="W", by=SYSTEM)
                work()
            told = run(url, token, "show", "--order", order["uid"], "--folder", str(tmp_path))
            assert [key["seats"] for key in told["keys"]] == [2]
            (invoice,) = told["invoices"]
            assert invoice["gross"] == {"cents": 11976, "currency": "EUR"}
            assert (tmp_path / f"{invoice['number']}.pdf").read_bytes().startswith(b"%PDF-")
            assert "401" not in run(url, "prt_wrong", "show", "--order", order["uid"])
