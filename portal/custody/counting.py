"""What was read through each access, counted in memory and written now and then.

A restore asks a hundred times a second; a transaction for each would cost more than the answer.
What is not written when a process is killed is not counted: a minute at most.
"""

import atexit
import threading
from collections.abc import Callable

Write = Callable[[dict[str, tuple[int, int]]], None]


class Tally:
    """Requests and bytes by access, of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int]] = {}
        self._timer: threading.Timer | None = None
        self._at_exit = False

    def add(self, uid: str, sent: int, write: Write, seconds: float) -> None:
        """Count one request; ``write`` is called with all counts after so many seconds, 0 for now."""
        with self._lock:
            requests, so_far = self._counts.get(uid, (0, 0))
            self._counts[uid] = (requests + 1, so_far + sent)
            if seconds and self._timer is None:
                self._timer = threading.Timer(seconds, self.flush, [write])
                self._timer.daemon = True
                self._timer.start()
            if seconds and not self._at_exit:
                self._at_exit = True
                atexit.register(self.flush, write)
        if not seconds:
            self.flush(write)

    def flush(self, write: Write) -> None:
        """Hand over what was counted; kept for the next time when it cannot be written."""
        with self._lock:
            counts, self._counts, self._timer = self._counts, {}, None
        if not counts:
            return
        try:
            write(counts)
        except Exception:
            with self._lock:
                for uid, (requests, sent) in counts.items():
                    newer = self._counts.get(uid, (0, 0))
                    self._counts[uid] = (newer[0] + requests, newer[1] + sent)
            raise


tally = Tally()
