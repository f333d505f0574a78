"""Activations and validations of machines, against a bare route of the same server.

``ratio``: the time of the bare route over that of an activation, each asked by four clients in interleaved
rounds; at least 0.5. ``validate_ratio``: of a validation; at least 0.7. ``p99_ms``: of activations with
40 clients; at most 1,000. On SQLite: the instance has its database in its own folder.
Each activation is of a machine that was never seen, with its signature and its commit.
"""

import argparse
import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
from statistics import median, quantiles
from typing import Any

from tour.instance import BIN, ROOT, Instance

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


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench activation")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    wanted = parser.parse_args(options)
    with Instance(demo=False) as portal:
        portal.kill("worker")
        seeded = subprocess.run(
            [sys.executable, "-m", "bench.activation_seed"],
            env=portal.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        portal.kill("web")
        command = [str(BIN / "gunicorn"), "bench.bare:create_app()", "--bind", f"127.0.0.1:{portal.port}"]
        portal.start("web", [*command, "--workers", "1", "--threads", "4", "--log-level", "warning"])
        portal._wait_for_web()
        machines = Machines(portal.port, seeded.stdout.split()[-1])
        for what in ("", "activations", "validations"):
            machines.run(what, 1)
        rounds: dict[str, list[float]] = {"": [], "activations": [], "validations": []}
        for _ in range(wanted.rounds):
            for what, medians in rounds.items():
                medians.append(median(machines.run(what, wanted.seconds)))
        crowd = machines.run("activations", wanted.seconds * 2, clients=40)
    bare = median(rounds[""])
    return {
        "ratio": round(bare / median(rounds["activations"]), 2),
        "validate_ratio": round(bare / median(rounds["validations"]), 2),
        "p99_ms": round(quantiles(crowd, n=100)[-1], 1),
    }
