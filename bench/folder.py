"""A folder of an older point as one archive, against restic's own way to it, in throughput.

``ratio``: what the worker does from the click to the archive (the points listed, the folder's names read, its
500 files read, a ZIP volume with manifest and sums written and made durable) over a bare ``restic restore
--include`` of the same folder; 100,000 files in the point. The goal is 0.6. ``seconds``: of ours.
``--scale`` makes a smaller point; ``--place`` chooses another folder than memory.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from bench.export import MEMORY
from bench.export_data import small_files
from bench.sepa import child

FILES = 500


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench folder")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--place", type=Path, default=MEMORY if MEMORY.is_dir() else None)
    wanted = parser.parse_args(options)
    from tests.engine.builders import a_backup, a_repository  # noqa: PLC0415 - restic is needed from here on

    with tempfile.TemporaryDirectory(dir=wanted.place) as folder:
        source = Path(folder) / "source"
        files = max(FILES, int(100_000 * wanted.scale))
        small_files(source / "autres", files - FILES)
        small_files(source / "voulu", FILES)
        repo = a_repository(Path(folder) / "repo")
        older = a_backup(repo, source)
        (source / "autres" / "nouveau").write_bytes(b"depuis")
        a_backup(repo, source)
        done = child(
            "folder_run", dict(os.environ), repo.location, older.id, source / "voulu", folder, wanted.rounds
        )
    return {**done, "files": files, "chosen": FILES}
