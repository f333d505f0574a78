"""What a worker that is killed does: volumes are small, and every step can be slowed down, so that a kill
hits the middle.
"""

import time
from pathlib import Path

from flask import Flask

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


def work(app: Flask, *, is_slow: bool) -> None:
    app.config["EXPORT_LIMITS"] = ExportLimits(volume_entries=10, keep_free_bytes=0)
    if is_slow:
        slow_down()
    jobs.work(app, lambda: False, idle_seconds=0.1)
