"""Let so many events wait for one address, tell them to a receiver on this machine; print how quickly."""

import base64
import hmac
import json
import multiprocessing
import socket
import sys
import time
from typing import Any

import urllib3
from sqlalchemy import func, select

from app import create_app
from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import insert_all_once
from portal.journal import SYSTEM, record
from portal.webhooks import acts
from portal.webhooks.jobs import look
from portal.webhooks.models import Webhook, WebhookEvent
from tests.builders import a_customer, a_house

BARE = 2_000  # events of the bare sender


def receive(listening: socket.socket, counted: Any) -> None:
    """Answer every request on kept connections; nothing else."""
    while True:
        line, _address = listening.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line, line.makefile("rb") as read:
            while head := read.readline():
                length = 0
                while (field := read.readline()) not in (b"\r\n", b""):
                    if field.lower().startswith(b"content-length:"):
                        length = int(field.split(b":")[1])
                if not head.strip():
                    break
                read.read(length)
                counted.value += 1
                line.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")


def bare(port: int, body: bytes) -> float:
    """Events a second."""
    key, address = b"k" * 32, f"http://127.0.0.1:{port}/hook"
    started = time.monotonic()
    with urllib3.PoolManager() as pool:
        for number in range(BARE):
            signed = f"{number}.{number}.".encode() + body
            signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
            sent = {"Content-Type": "application/json", "Webhook-Id": str(number)}
            pool.request("POST", address, body=body, headers={**sent, "Webhook-Signature": signature})
    return BARE / (time.monotonic() - started)


def seed(port: int, count: int) -> Webhook:
    house = a_house()
    customer = a_customer(house.reseller, siren=None)
    typed = f"http://127.0.0.1:{port}/hook"
    row, _key = acts.register(house.reseller, typed, ["customer"], by=SYSTEM)
    db.session.flush()
    record(customer, "archive", by=SYSTEM)
    db.session.commit()
    body = acts._body("customer.archive", clock.now(), {"record": customer.uid, "what": "archive"})
    own = {"organisation_id": row.organisation_id, "org_path": row.org_path, "webhook_id": row.id}
    rows = [
        {
            **own,
            "uid": f"{number:016d}",
            "entry_uid": f"{number:016d}",
            "created_at": clock.now(),
            "body": body,
        }
        | {"kind": "customer.archive", "tries": 0, "answer": ""}
        for number in range(count)
    ]
    insert_all_once(WebhookEvent, rows, ["webhook_id", "entry_uid"])
    db.session.commit()
    return row


def told() -> int:
    query = select(func.count(WebhookEvent.id)).where(WebhookEvent.sent_at.is_not(None))
    return db.session.scalar(query) or 0


def main(count: int) -> dict[str, Any]:
    listening = socket.create_server(("127.0.0.1", 0))
    counted = multiprocessing.Value("L", 0)
    other = multiprocessing.Process(target=receive, args=(listening, counted), daemon=True)
    other.start()
    port = listening.getsockname()[1]
    with create_app().app_context():
        set_scope(EVERYTHING)
        body = str(seed(port, count) and db.session.scalar(select(WebhookEvent.body))).encode()
        floor = bare(port, body)
        before, started = counted.value, time.monotonic()
        set_scope(EVERYTHING)
        look()
        db.session.commit()
        assert db.session.scalar(select(func.count(Organisation.id)))
        jobs.drain()
        seconds = time.monotonic() - started
        set_scope(EVERYTHING)
        noted, heard = told(), counted.value - before
    other.kill()
    rate = noted / seconds
    return {
        "waiting": count,
        "told": noted,
        "heard": heard,
        "seconds": round(seconds, 1),
        "per_second": round(rate),
        "bare_per_second": round(floor),
        "ratio": round(rate / floor, 2),
    }


print(json.dumps(main(int(sys.argv[1]))))
