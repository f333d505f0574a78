"""ZIP volumes that each open alone, written as a stream, durable once closed."""

import math
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from portal import clock
from portal.engine.archive import Archive, shrinks
from portal.engine.disk import sync_directory
from portal.engine.errors import EngineError, EngineFault
from portal.engine.port import ExportLimits

BUFFER_BYTES = 1 << 18  # many small files in one write
SAMPLE_BYTES = 8_192
GLANCE_BYTES = 256
NOISE = 0.93  # share of the 256 byte values that random bytes show, and that texts are far from
WORTH_DEFLATING = 0.9  # of the sample; most bytes of a backup are compressed already
HEADERS_BYTES = 200  # per entry, local and central headers without the name
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # what a ZIP date can say


@dataclass(frozen=True)
class Header:
    """What a ZIP entry says of a file. mtime: seconds since 1970, UTC."""

    name: str
    size: int
    mtime: float
    mode: int = 0o644


class VolumeWriter:
    """Write entries into numbered volumes and start a new one when a limit would be passed.

    A volume is ``.part`` until it is closed; ``on_closed(name, bytes)`` runs once it is
    durable. A file larger than a volume has one of its own, in zip64.
    """

    def __init__(
        self,
        directory: Path,
        limits: ExportLimits,
        closed: int,
        on_closed: Callable[[str, int], None],
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._number = closed
        self._on_closed = on_closed
        self._zip: Archive | None = None
        self._entries = 0
        self._central_bytes = 0

    def make_room(self, header: Header) -> str:
        """Have a volume open that can take the entry, and return its name."""
        cost = HEADERS_BYTES + 2 * len(header.name.encode())
        if self._zip is not None and self._entries:
            whole = self._zip.written + self._central_bytes + header.size + cost
            if self._entries >= self._limits.volume_entries or whole > self._limits.volume_bytes:
                self.close()
        if self._zip is None:
            self._open()
        return self._name

    def add(self, header: Header, chunks: Iterable[bytes]) -> str:
        """Write one entry after :meth:`make_room`; return the SHA-256 of its content."""
        assert self._zip is not None
        pieces = iter(chunks)
        first = next(pieces, b"")
        digest = self._zip.put(_zip_info(header, first), chain((first,), pieces))
        self._entries += 1
        self._central_bytes += HEADERS_BYTES + len(header.name.encode())
        return digest

    def close(self) -> None:
        """Close the open volume, if any: on disk for good, under its final name."""
        if self._zip is None:
            return
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        size = self._raw.tell()
        self._raw.close()
        self._zip = None
        self._part.rename(self._directory / self._name)
        sync_directory(self._directory)
        self._on_closed(self._name, size)

    def abandon(self) -> None:
        """Drop the open volume, if any."""
        if self._zip is not None:
            with suppress(OSError, ValueError):
                self._zip.close()
            with suppress(OSError):
                self._raw.close()
            self._part.unlink(missing_ok=True)
            self._zip = None

    @property
    def _name(self) -> str:
        return f"export-{self._number:03}.zip"

    @property
    def _part(self) -> Path:
        return self._directory / f"{self._name}.part"

    def _open(self) -> None:
        free = shutil.disk_usage(self._directory).free
        if free < self._limits.keep_free_bytes:
            raise EngineError(EngineFault.NO_SPACE, need_bytes=self._limits.keep_free_bytes, have_bytes=free)
        self._number += 1
        self._raw = self._part.open("wb", BUFFER_BYTES)
        self._zip = Archive(self._raw, "w")
        self._entries = self._central_bytes = 0


def _zip_info(header: Header, sample: bytes) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(header.name, zip_date(header.mtime))
    info.create_system = 3  # Unix: the next field is a mode
    info.external_attr = (0o100000 | header.mode) << 16
    info.file_size = header.size  # decides on zip64 before the content is known
    if _shrinks(sample):
        info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _shrinks(content: bytes) -> bool:
    """Judged by the beginning: a glance rules out what is compressed or encrypted, a trial decides."""
    glance = content[:GLANCE_BYTES]
    seen_in_noise = 256 * (1 - math.exp(-len(glance) / 256))
    if len(set(glance)) >= NOISE * seen_in_noise:
        return False
    return shrinks(content[:SAMPLE_BYTES], WORTH_DEFLATING)


def zip_date(mtime: float) -> tuple[int, int, int, int, int, int]:
    """Paris wall clock, as unzip programs expect local time, within what ZIP can say."""
    try:
        at = datetime.fromtimestamp(mtime, UTC).astimezone(clock.PARIS)
    except (ValueError, OverflowError, OSError):
        return _FIRST
    return min(_LAST, max(_FIRST, (at.year, at.month, at.day, at.hour, at.minute, at.second)))
