"""A day's statement of a large account: camt.053, one entry a debit, one in twenty a wire.

``book_us_per_entry``: CPU of the whole import of one file: read, matched, booked, kept, its transaction
included. ``parse_us_per_entry``: CPU of lxml walking the same file and reading its references and amounts,
with no code of the portal. ``ratio``: the one over the other, at most 10. ``read_us_per_entry``: the portal's
reader alone. ``rss_over_idle_mb``: peak memory of the import; ``rss_over_idle_mb_of_a_tenth`` the same for a
file of a tenth, imported before.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from bench.sepa import beside_postgres, child


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench statement")
    parser.add_argument("--entries", type=int, default=100_000)
    wanted = parser.parse_args(options)
    if (figures := beside_postgres("statement", options)) is not None:
        return figures
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        child("sepa_seed", place.environment, wanted.entries)
        booked = child("statement_import", place.environment, wanted.entries)
    return {**booked, "entries": wanted.entries}
