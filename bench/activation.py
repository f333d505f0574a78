"""Activations and validations of machines, against a bare route of the same server; and keys in number.

``ratio``: the time of the bare route over that of an activation, each asked by four clients in interleaved
rounds; at least 0.5. ``validate_ratio``: of a validation; at least 0.7. ``p99_ms``: of activations with
40 clients; at most 1,000. Each activation is of a machine that was never seen, with its signature and commit.
``issue_ratio``: keys a second of the job that issues 10,000, each with its line of the journal, over those of
plain inserts of the same rows; at least 0.3. ``bin/with_postgres python -m bench activation`` measures
PostgreSQL; without it the database is SQLite, in a folder of its own.
"""

import argparse
import http.client
import itertools
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from bench.billing import copy_of
from bench.sepa import ROOT, child
from tour.instance import BIN

if TYPE_CHECKING:
    from tests.installation import Installation

_MACHINES = itertools.count()


class Machines:
    """Clients that each keep one connection and post as fast as they are answered."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key

    def run(self, what: str, seconds: float, clients: int = 4) -> list[float]:
        """Every response time in milliseconds; ``what``: a path of the API, or ``""`` for the bare route."""
        times: list[float] = []
        wrong: list[str] = []
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._ask, args=(what, end, times, wrong)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise RuntimeError(wrong[0])
        return times

    def _ask(self, what: str, end: float, times: list[float], wrong: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while time.monotonic() < end and not wrong:
            number = next(_MACHINES) if what == "activations" else 0
            body = json.dumps({"key": self._key, "fingerprint": f"m{number}"})
            started = time.monotonic()
            if what:
                connection.request("POST", f"/api/v1/{what}", body, {"Content-Type": "application/json"})
            else:
                connection.request("GET", "/bare")
            answer = connection.getresponse()
            told = answer.read()
            if answer.status not in (200, 201):
                wrong.append(f"{what}: {answer.status} {told[:200]!r}")
            times.append((time.monotonic() - started) * 1000)
        connection.close()


@contextmanager
def _web(place: "Installation") -> Iterator[int]:
    """A server of the portal and the bare route, as in production; gives its port."""
    from tests.installation import free_port, wait_for_port  # noqa: PLC0415 - needs the database's address

    port = free_port()
    command = [str(BIN / "gunicorn"), "bench.bare:create_app()", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "4", "--log-level", "warning"]
    process = subprocess.Popen(command, env=place.environment, cwd=ROOT)
    try:
        wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(place: "Installation", rounds: int, seconds: float) -> dict[str, Any]:
    """How long machines wait."""
    seeded = child("activation_seed", place.environment)
    with _web(place) as port:
        machines = Machines(port, seeded["key"])
        for what in ("", "activations", "validations"):
            machines.run(what, 1)
        found: dict[str, list[float]] = {"": [], "activations": [], "validations": []}
        for _ in range(rounds):
            for what, medians in found.items():
                medians.append(median(machines.run(what, seconds)))
        crowd = machines.run("activations", seconds * 2, clients=40)
    bare = median(found[""])
    return {
        "ratio": round(bare / median(found["activations"]), 2),
        "validate_ratio": round(bare / median(found["validations"]), 2),
        "p99_ms": round(quantiles(crowd, n=100)[-1], 1),
    }


def _issue(place: "Installation", folder: Path, keys: int, rounds: int) -> dict[str, Any]:
    """How fast keys are made, beside plain inserts."""
    child("activation_issue", place.environment, "seed", keys, rounds)
    copy = copy_of(place.environment["DATABASE_URL"], folder)
    return child("activation_issue", place.environment, "run", copy)


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench activation")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--keys", type=int, default=10_000)
    wanted = parser.parse_args(options)
    from tests.installation import an_installation, is_postgresql  # noqa: PLC0415 - the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        figures = _answers(place, wanted.rounds, wanted.seconds)
    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        figures |= _issue(place, Path(folder), wanted.keys, 3)
    return {"database": "postgresql" if is_postgresql() else "sqlite", **figures}
