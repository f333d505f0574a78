"""A Python program whose machine has another clock: ``python -m faults.clocks FILE -m MODULE …``.

The file holds the seconds that are added to this machine's clock, below zero for one that was set back, and
is read each time. Programs of another language keep the true time, as a database on another host does.
"""

import runpy
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal import clock


def wrong_by(path: Path, seconds: float) -> None:
    """From now on the clock of those programs is wrong by so much."""
    new = path.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(path)


def main() -> None:
    """The rest of the command line is the module, as Python itself would take it."""
    _self, place, _dash_m, module, *rest = sys.argv
    path = Path(place)
    clock.now = lambda: datetime.now(UTC) + timedelta(seconds=float(path.read_text()))
    clock.machine_ms = lambda: int((time.time() + float(path.read_text())) * 1000)
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
