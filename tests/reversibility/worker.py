"""A real worker on a database of its own: ``-m tests.reversibility.worker DATABASE_URL DATA_DIR``.

Volumes are small and every step is slowed down, so that a kill can hit the middle.
"""

import os
import sys
import time
from pathlib import Path

from app import create_app
from portal import jobs
from portal.engine import destruction
from portal.engine.port import ExportLimits


def slow_down() -> None:
    progress = jobs.Claim.progress

    def slow(self: jobs.Claim, done: int, total: int) -> None:
        time.sleep(0.15)
        progress(self, done, total)

    jobs.Claim.progress = slow  # type: ignore[method-assign]
    unlink = Path.unlink

    def slow_unlink(self: Path, missing_ok: bool = False) -> None:
        if "/data/" in str(self):
            time.sleep(0.2)
        unlink(self, missing_ok)

    destruction.Path.unlink = slow_unlink  # type: ignore[method-assign,attr-defined]


def main() -> None:
    url, folder = sys.argv[1:3]
    os.environ["DATA_DIR"] = folder
    app = create_app(
        DATA_DIR=Path(folder),
        SQLALCHEMY_DATABASE_URI=url,
        BLOB_URL=f"{folder}/blobs",
        KEY_AGENT_SOCKET=f"{folder}/agent.sock",
        EXPORT_LIMITS=ExportLimits(volume_entries=10, keep_free_bytes=0),
    )
    if len(sys.argv) > 3:
        slow_down()
    jobs.work(app, lambda: False, idle_seconds=0.1)


if __name__ == "__main__":
    main()
