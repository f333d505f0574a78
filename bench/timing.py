"""What a measurement reads of its own process."""

import resource
import time
from collections.abc import Callable
from typing import Any


def cpu(act: Callable[[], Any]) -> float:
    """CPU seconds that an act takes."""
    started = time.process_time()
    act()
    return time.process_time() - started


def peak_mb() -> float:
    """Most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
