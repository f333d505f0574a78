"""What a person does meanwhile, again and again: fills in a form by HTTP, and issues an invoice by hand.

Says ``ready`` after some rounds alone, and goes on until its input ends; prints milliseconds as JSON.
"""

import json
import select
import sys
import time
from statistics import quantiles
from typing import Any

from flask.testing import FlaskClient

from app import create_app
from portal.billing.models import add_charge, pending_charges
from portal.billing.run import Bill, bill_charges
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity

PAUSE = 0.1  # seconds between two of them
ALONE = 25  # rounds before the run begins


def type_a_field(client: FlaskClient, number: int) -> None:
    """One field of a new customer: it is verified, and the whole entry kept as a draft."""
    answer = client.post("/customers/new/check/name", data={"name": f"Client {number}", "entry": "bench"})
    if answer.status_code != 200:
        raise RuntimeError(f"the form answers {answer.status_code}")


def issue_by_hand(customer_id: int, number: int) -> None:
    """Takes a number of the series that the run takes its own from."""
    set_scope(EVERYTHING)
    customer = db.session.get_one(Customer, customer_id)
    entity = db.session.scalars(db.select(LegalEntity)).one()
    line: dict[str, Any] = {"label": "x", "quantity": 1, "unit_cents": 1000, "includes_vat": False}
    add_charge(customer, origin=f"by-hand:{number}", method=Method.WIRE, **line)
    bill_charges([Bill(customer, pending_charges(customer), Method.WIRE)], entity)
    db.session.commit()


def main(cookie: str, customer_id: int) -> dict[str, float]:
    application = create_app(TESTING=True, WTF_CSRF_ENABLED=False)
    client = application.test_client()
    client.set_cookie(application.config["SIGN_IN_COOKIE"], cookie)
    alone: list[float] = []
    beside: list[float] = []
    number = 0
    while True:
        if number == ALONE:
            print("ready", flush=True)
        times = alone if number < ALONE else beside
        started = time.perf_counter()
        type_a_field(client, number)
        times.append(time.perf_counter() - started)
        started = time.perf_counter()
        with application.app_context():
            issue_by_hand(customer_id, number)
        times.append(time.perf_counter() - started)
        number += 1
        if number > ALONE and select.select([sys.stdin], [], [], PAUSE)[0]:
            break
    return {
        "interactive_p95_ms": _p95(beside),
        "interactive_alone_p95_ms": _p95(alone[10:]),
        "interactive_writes": len(beside),
    }


def _p95(times: list[float]) -> float:
    return round(quantiles(times, n=20)[-1] * 1000, 1)


print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
