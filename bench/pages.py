"""The list of customers, signed in, against a bare route of the same server.

The peer is a route that answers a constant through the same gunicorn, Flask and headers, without session,
database or template. Both are asked in turn, in interleaved rounds, and medians are compared.
"""

import argparse
import http.client
import subprocess
import sys
import threading
import time
from statistics import median, quantiles
from typing import Any

from tour.instance import BIN, ROOT, Instance

SEED = ROOT / "bench" / "seed.py"


class Load:
    """A few clients that each keep one connection and ask as fast as they are answered."""

    def __init__(self, port: int, cookie: str, clients: int = 4) -> None:
        self._port, self._cookie, self._clients = port, cookie, clients

    def run(self, path: str, seconds: float) -> tuple[float, list[float]]:
        """Requests per second, and every response time in milliseconds."""
        times: list[float] = []
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._ask, args=(path, end, times)) for _ in range(self._clients)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(times) / (time.monotonic() - started), times

    def _ask(self, path: str, end: float, times: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while time.monotonic() < end:
            started = time.monotonic()
            connection.request("GET", path, headers={"Cookie": self._cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status}")
            times.append((time.monotonic() - started) * 1000)
        connection.close()


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    wanted = parser.parse_args(options)
    with Instance(demo=False) as portal:
        portal.kill("worker")
        seeded = subprocess.run(
            [sys.executable, str(SEED), str(wanted.customers)],
            env=portal.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        portal.kill("web")
        portal.start(
            "web",
            [
                str(BIN / "gunicorn"),
                "bench.bare:create_app()",
                "--bind",
                f"127.0.0.1:{portal.port}",
                "--workers",
                "1",
                "--threads",
                "4",
                "--log-level",
                "warning",
            ],
        )
        portal._wait_for_web()
        load = Load(portal.port, seeded.stdout.strip())
        load.run("/customers", 1)
        pages, bare, times = [], [], []
        for _ in range(wanted.rounds):
            bare.append(load.run("/bare", wanted.seconds)[0])
            rate, taken = load.run("/customers", wanted.seconds)
            pages.append(rate)
            times += taken
    return {
        "ratio": round(median(pages) / median(bare), 4),
        "p95_ms": round(quantiles(times, n=20)[-1], 1),
        "page_rps": round(median(pages), 1),
        "bare_rps": round(median(bare), 1),
        "customers": wanted.customers,
    }
