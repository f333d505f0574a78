"""Exports against their floors, in throughput: 1 would be as fast as the bare command.

``ratio``: readable export (ZIP volumes, SHA-256 of every file, comparison with restic's list, everything
read again) over a bare ``restic dump -a tar`` to a file, 20,000 mixed files; the goal is 0.6.
``tar_ratio``: the same in tar volumes. ``small_ratio``: ZIP volumes of 100,000 small files; the goal is 0.28.
``sealed_ratio``: sealed export (every object hashed) over ``cp -r`` of the repository; the goal is 0.8. In
memory, SHA-256 alone costs one core nearly twice what the copy does: two idle cores end at about 0.6.
``…rss_mb``: peak memory of the exporting process, and of restic beside it, for both sizes.
The data lie in memory (/dev/shm) where there is one, so that no disk hides the work; ``--place`` chooses
another folder and ``--scale`` a smaller size.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from bench.export_data import mixed_files, small_files
from bench.sepa import child

MEMORY = Path("/dev/shm")


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench export")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--place", type=Path, default=MEMORY if MEMORY.is_dir() else None)
    wanted = parser.parse_args(options)
    from tests.engine.builders import a_backup, a_repository  # noqa: PLC0415 - restic is needed from here on

    figures: dict[str, Any] = {}
    for name, make, count in (("", mixed_files, 20_000), ("small_", small_files, 100_000)):
        with tempfile.TemporaryDirectory(dir=wanted.place) as folder:
            place = Path(folder)
            files = max(100, int(count * wanted.scale))
            size = make(place / "source", files)
            repo = a_repository(place / "repo")
            a_backup(repo, place / "source")
            run = (repo.location, folder, wanted.rounds)
            done = child("export_run", dict(os.environ), "readable", *run)
            figures |= {f"{name}{key}": value for key, value in done.items()}
            figures |= {f"{name}files": files, f"{name}mb": size // 1_000_000}
            if not name:
                for kind in ("tar", "sealed"):
                    done = child("export_run", dict(os.environ), kind, *run)
                    figures |= {f"{kind}_{key}": done[key] for key in ("ratio", "seconds", "rss_mb")}
    return figures
