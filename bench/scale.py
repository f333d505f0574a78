"""Every main page at a thousand customers and at a hundred thousand, on SQLite or, beside it, PostgreSQL.

``worst_growth``: the largest p95 of a page with many customers over its p95 with a thousand; at most 2.
``p95_ms``: the slowest page with many; at most 150. Pages are asked in turn of two processes, one for each
size, so that what else the machine does meets both; signed in as operator, finance and the owner of a
reseller with 500 customers. ``bin/with_postgres python -m bench scale`` measures PostgreSQL;
``--only /backups`` asks for the pages that begin so: the wall, with a machine for each customer.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.scale_pages import PAGES, UID
from bench.sepa import ROOT, child

_FEW = 1_000
_NOISE_MS = 5  # what a page of a few milliseconds may take longer by chance


class Portal:
    """A process with a database of so many customers."""

    def __init__(self, process: "subprocess.Popen[str]", seed_seconds: float) -> None:
        self._process, self.seed_seconds = process, seed_seconds

    def ask(self, role: str, path: str) -> float:
        """Milliseconds."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([role, path]) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def a_portal(customers: int) -> Iterator[Portal]:
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        started = time.monotonic()
        cookies = child("scale_seed", place.environment, customers)
        seconds = time.monotonic() - started
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.scale_pages", json.dumps(cookies)],
            env=place.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Portal(process, seconds)
        finally:
            process.communicate()


Times = list[tuple[float, float]]  # milliseconds with few customers, and with many


def _row(rounds: list[Times]) -> dict[str, float]:
    """Medians of the rounds: what else the machine does for a while spoils one of them."""
    row = {}
    for at, name in enumerate(("few", "many")):
        times = [[pair[at] for pair in each] for each in rounds]
        row[f"{name}_p50"] = round(median(median(each) for each in times), 1)
        row[f"{name}_p95"] = round(median(quantiles(each, n=20)[-1] for each in times), 1)
    return row


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench scale")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="/")
    wanted = parser.parse_args(options)
    asked = tuple((role, path) for role, path in PAGES if path.startswith(wanted.only))
    rounds: dict[str, list[Times]] = {}
    with a_portal(_FEW) as few, a_portal(wanted.customers) as many:
        for role, path in asked * wanted.rounds:
            times = [(few.ask(role, path), many.ask(role, path)) for _ in range(wanted.tries + 2)]
            kept = times[2:]  # templates and statements are compiled
            rounds.setdefault(f"{role} {path.replace(UID, '<uid>')}", []).append(kept)
    pages = {page: _row(times) for page, times in rounds.items()}
    growth = {page: round(row["many_p95"] / max(row["few_p95"], _NOISE_MS), 2) for page, row in pages.items()}
    worst = max(growth, key=lambda page: growth[page])
    return {
        "worst_growth": growth[worst],
        "worst_page": worst,
        "p95_ms": max(row["many_p95"] for row in pages.values()),
        "customers": wanted.customers,
        "seed_seconds": round(many.seed_seconds),
        "growth": growth,
        "pages": pages,
    }
