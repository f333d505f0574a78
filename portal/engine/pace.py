"""How often progress is told: seldom enough to be stored each time."""

import time
from collections.abc import Callable
from dataclasses import replace

from portal.engine.port import OnProgress, Phase, Progress

TICK_SECONDS = 0.25
Teller = Callable[[Phase, int, int, int, int], None]  # the fields of Progress, in order


def after(on_progress: OnProgress | None, behind: float) -> OnProgress | None:
    """For phases that begin when a share of the whole, 0 to 1, is over; one may lie within another."""
    if on_progress is None:
        return None
    return lambda progress: on_progress(replace(progress, behind=behind + (1 - behind) * progress.behind))


def throttled(on_progress: OnProgress | None) -> Teller:
    """Pass on the first report of each phase, the last one, and at most four per second."""
    last, current = 0.0, ""

    def tell(phase: Phase, files: int, files_total: int, size: int, size_total: int) -> None:
        nonlocal last, current
        if on_progress is None:
            return
        ended = bool(files_total) and (files, size) == (files_total, size_total)
        if phase != current or ended or time.monotonic() - last >= TICK_SECONDS:
            last, current = time.monotonic(), phase
            on_progress(Progress(phase, files, files_total, size, size_total))

    return tell
