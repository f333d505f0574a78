"""Events that leave for a partner's address, against a sender that only signs and posts.

``ratio``: events a second of the portal's own task over those of a bare sender, which posts bodies of the
same length, signed alike, by the same library over one connection to the same receiver; the goal is 0.5.
``waiting``: how many stood there when the measure began. ``bin/with_postgres python -m bench webhooks``
measures PostgreSQL.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from bench.sepa import child


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench webhooks")
    parser.add_argument("--waiting", type=int, default=10_000)
    wanted = parser.parse_args(options)
    from tests.installation import an_installation, is_postgresql  # noqa: PLC0415 - the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        place.environment["PRIVATE_TARGETS"] = "1"
        figures = child("webhooks_run", place.environment, wanted.waiting)
    return {"database": "postgresql" if is_postgresql() else "sqlite", **figures}
