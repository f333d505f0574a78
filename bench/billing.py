"""A billing run of many subscriptions, beside the least that its rows can cost and what people do meanwhile.

``ratio``: rows a second of the run over those of plain bulk inserts of the same rows into a copy of the same
database; at least 0.25 on PostgreSQL. ``rss_mb``: the most that the process of the run held; under 300.
``interactive_p95_ms``: a form sent by HTTP and an invoice issued by hand, in turn, while the run goes on; at
most 100 (``…_alone_…``: before it). ``documents_per_cpu_s``: one invoice from its charge to its stored PDF,
at least 25, beside ``bare_per_cpu_s``, a page of lines by reportlab alone.
``bin/with_postgres python -m bench billing`` measures PostgreSQL.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bench.sepa import ROOT, child


def copy_of(address: str, folder: Path) -> str:
    """The address of a copy of a database that nobody is connected to.

    Of SQLite with what a process that has ended left in its log: the file alone would lack it.
    """
    from tests.installation import is_postgresql, named, on_server  # noqa: PLC0415 - needs the address

    name = make_url(address).database or ""
    if not is_postgresql():
        with closing(sqlite3.connect(name)) as own, closing(sqlite3.connect(folder / "copy.db")) as copy:
            own.backup(copy)
        return f"sqlite:///{folder / 'copy.db'}"
    on_server(f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}"')
    return named(f"{name}_copy")


def beside(environment: dict[str, str], cookie: str, customer_id: int) -> "subprocess.Popen[str]":
    """Somebody who works in the portal meanwhile; ready when this returns."""
    command = [sys.executable, "-m", "bench.billing_beside", cookie, str(customer_id)]
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    if process.stdout.readline().strip() != "ready":
        raise RuntimeError("nobody works beside the run")
    return process


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench billing")
    parser.add_argument("--subscriptions", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=300)
    wanted = parser.parse_args(options)
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    count = wanted.subscriptions
    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        started = time.monotonic()
        seeded = child("billing_seed", place.environment, count)
        seed_seconds = round(time.monotonic() - started)
        address = place.environment["DATABASE_URL"]
        copy = copy_of(address, Path(folder))
        person = beside(place.environment, seeded["cookie"], seeded["by_hand"])
        ran = child("billing_run", place.environment, wanted.documents)
        told, _nothing = person.communicate("enough\n")
        some = min(count, 10_000)
        floor = child("billing_floor", place.environment, copy, seeded["first"], seeded["last"], some)
    rate = floor["rows"] / ran["seconds"]
    return {
        "ratio": round(rate / floor["bare_rows_per_s"], 3),
        "rows_per_s": round(rate),
        **json.loads(told.splitlines()[-1]),
        **ran,
        **floor,
        "seed_seconds": seed_seconds,
        "subscriptions": count,
    }
