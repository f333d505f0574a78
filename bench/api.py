"""What a partner's system reads, against a bare route of the same server.

``detail_ratio``: the time of the bare route over that of one customer, asked by four clients in interleaved
rounds; ``list_ratio``: of a page of twenty customers with their contacts; the goal of each is 0.5. Every call
proves its token, is counted, and is answered in its person's scope. ``bin/with_postgres python -m bench api``
measures PostgreSQL; without it the database is SQLite, in a folder of its own.
"""

import argparse
import http.client
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.activation import _web
from bench.sepa import child

CLIENTS = 4


def run(port: int, path: str, token: str, seconds: float) -> float:
    """The median response time in milliseconds."""
    times: list[float] = []
    wrong: list[str] = []
    end = time.monotonic() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < end and not wrong:
            started = time.monotonic()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 200:
                wrong.append(f"{path}: {answer.status} {told[:200]!r}")
            times.append((time.monotonic() - started) * 1000)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return median(times)


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench api")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--customers", type=int, default=500)
    wanted = parser.parse_args(options)
    from tests.installation import an_installation, is_postgresql  # noqa: PLC0415 - the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        place.environment["PARTNER_CALLS"] = str(10**9)  # the measure is not slowed down
        seeded = child("api_seed", place.environment, wanted.customers)
        paths = {"bare": "/bare", "detail": seeded["detail"], "list": "/api/partner/v1/customers?limit=20"}
        found: dict[str, list[float]] = {name: [] for name in paths}
        with _web(place) as port:
            for path in paths.values():
                run(port, path, seeded["token"], 1)
            for _ in range(wanted.rounds):
                for name, path in paths.items():
                    found[name].append(run(port, path, seeded["token"], wanted.seconds))
    bare, detail, listed = (median(found[name]) for name in ("bare", "detail", "list"))
    return {
        "database": "postgresql" if is_postgresql() else "sqlite",
        "detail_ratio": round(bare / detail, 2),
        "list_ratio": round(bare / listed, 2),
        "detail_ms": round(detail, 1),
        "list_ms": round(listed, 1),
    }
