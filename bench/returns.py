"""A bank's notification of debits that came back: read, matched and booked, against the bare parse.

``book_us_per_entry``: CPU of the whole import of one file, its transaction included. ``parse_us_per_entry``:
CPU of lxml walking the same file and reading its references and amounts, with no code of the portal.
``book_ratio``: the one over the other, at most 10. ``rss_over_idle_mb``: peak memory of the import.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from bench.sepa import beside_postgres, child


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench returns")
    parser.add_argument("--entries", type=int, default=10_000)
    wanted = parser.parse_args(options)
    if (figures := beside_postgres("returns", options)) is not None:
        return figures
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        child("sepa_seed", place.environment, wanted.entries)
        booked = child("returns_import", place.environment, wanted.entries)
    return {**booked, "entries": wanted.entries}
