"""Every main page at a thousand customers and at a hundred thousand, on SQLite or, beside it, PostgreSQL.

``worst_growth``: the largest p95 of a page with many customers over its p95 with a thousand; at most 2. Pages
are asked in turn in one process, signed in as operator, finance and the owner of a reseller with 500
customers. ``bin/with_postgres python -m bench scale`` measures PostgreSQL.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.sepa import child

_FEW = 1_000
_NOISE_MS = 5  # what a page of a few milliseconds may take longer by chance


def _times(customers: int, tries: int) -> tuple[dict[str, list[float]], float]:
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        started = time.monotonic()
        cookies = child("scale_seed", place.environment, customers)
        seconds = time.monotonic() - started
        return child("scale_pages", place.environment, json.dumps(cookies), tries), seconds


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench scale")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--tries", type=int, default=20)
    wanted = parser.parse_args(options)
    few, _seconds = _times(_FEW, wanted.tries)
    many, seconds = _times(wanted.customers, wanted.tries)
    pages = {
        page: {
            "few_p50": round(median(few[page]), 1),
            "few_p95": round(quantiles(few[page], n=20)[-1], 1),
            "many_p50": round(median(times), 1),
            "many_p95": round(quantiles(times, n=20)[-1], 1),
        }
        for page, times in many.items()
    }
    growth = {page: round(row["many_p95"] / max(row["few_p95"], _NOISE_MS), 2) for page, row in pages.items()}
    worst = max(growth, key=lambda page: growth[page])
    return {
        "worst_growth": growth[worst],
        "worst_page": worst,
        "p95_ms": max(row["many_p95"] for row in pages.values()),
        "customers": wanted.customers,
        "seed_seconds": round(seconds),
        "growth": growth,
        "pages": pages,
    }
