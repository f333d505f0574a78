"""A Python program under the business clock of a file: ``python -m life.moved CLOCK (-m MODULE | FILE) …``.

The file holds one number: seconds since 1970, as eight bytes. Nothing else of the portal is touched.
"""

import mmap
import runpy
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

from portal import clock

_NUMBER = struct.Struct("<d")


class MovedClock:
    """The number that all processes of one place read; who made it sets it."""

    def __init__(self, path: Path, *, start: datetime | None = None) -> None:
        if start is not None:
            path.write_bytes(_NUMBER.pack(start.timestamp()))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _NUMBER.size)

    def now(self) -> datetime:
        """The business instant, aware, in UTC."""
        return datetime.fromtimestamp(_NUMBER.unpack_from(self._bytes)[0], UTC)

    def move(self, to: datetime) -> None:
        _NUMBER.pack_into(self._bytes, 0, to.timestamp())


def main() -> None:
    """The rest of the command line is the program, as Python itself would take it."""
    _self, place, *program = sys.argv
    clock.now = MovedClock(Path(place)).now
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()
