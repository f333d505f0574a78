"""A bank file of direct debits: the whole export against its floor, and against sepaxml.

``seconds``: a task of the worker from its claim to its commit: rows out of PostgreSQL, file, validation,
hash, batch, rows and mandates moved. The floor streams the same rows from the same PostgreSQL, in the clear,
through a bare template and validates the file with lxml, with no code of the portal: at most 2 times that.
``rss_over_idle_mb``: peak memory of the exporting process above what it holds before; at most 64.
``sepaxml_cpu_ratio``: CPU of sepaxml with its validation over ours with ours, 10,000 rows; at least 15.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def child(script: str, environment: dict[str, str], *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", f"bench.{script}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def beside_postgres(name: str, options: list[str]) -> dict[str, Any] | None:
    """The figures of a measurement run again beside a server of its own; None where there is one."""
    if os.environ.get("TEST_DATABASE_URL", "").startswith("postgresql"):
        return None
    command = [ROOT / "bin" / "with_postgres", sys.executable, "-m", "bench", name, *options, "--json"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench sepa")
    parser.add_argument("--collections", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args(options)
    if (figures := beside_postgres("sepa", options)) is not None:
        return figures
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        seeded = child("sepa_seed", place.environment, wanted.collections)
        exported = child("sepa_export", place.environment, wanted.rounds)
    peer = child("sepa_peer", dict(os.environ), min(10_000, wanted.collections), wanted.rounds)
    return {**exported, **seeded, **peer, "collections": wanted.collections}
