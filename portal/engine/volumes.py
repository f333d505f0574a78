"""Volumes that each open alone, written as a stream, durable once closed."""

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from portal.engine.disk import sync_directory
from portal.engine.errors import EngineError, EngineFault
from portal.engine.port import ExportLimits, VolumeKind
from portal.engine.tar_archive import TarArchive
from portal.engine.volume_entry import Archive, Header
from portal.engine.zip_archive import ZipArchive

BUFFER_BYTES = 1 << 18  # many small files in one write
_ARCHIVES: dict[VolumeKind, type[ZipArchive] | type[TarArchive]] = {
    VolumeKind.ZIP: ZipArchive,
    VolumeKind.TAR: TarArchive,
}


class VolumeWriter:
    """Write entries into numbered volumes and start a new one when a limit would be passed.

    A volume is ``.part`` until it is closed; ``on_closed(name, bytes)`` runs once it is
    durable. A file larger than a volume has one of its own (in zip64, for a ZIP).
    """

    def __init__(
        self, directory: Path, limits: ExportLimits, closed: int, on_closed: Callable[[str, int], None]
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._number = closed
        self._on_closed = on_closed
        self._archive: Archive | None = None
        self._entries = 0

    def make_room(self, header: Header) -> str:
        """Have a volume open that can take the entry, and return its name."""
        if self._archive is not None and self._entries:
            whole = self._archive.size + self._archive.cost(header)
            if self._entries >= self._limits.volume_entries or whole > self._limits.volume_bytes:
                self.close()
        if self._archive is None:
            self._open()
        return self._name

    def add(self, header: Header, chunks: Iterable[bytes]) -> str:
        """Write one entry after :meth:`make_room`; return the SHA-256 of its content."""
        assert self._archive is not None
        digest = self._archive.put(header, chunks)
        self._entries += 1
        return digest

    def close(self) -> None:
        """Close the open volume, if any: on disk for good, under its final name."""
        if self._archive is None:
            return
        self._archive.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        size = self._raw.tell()
        self._raw.close()
        self._archive = None
        self._part.rename(self._directory / self._name)
        sync_directory(self._directory)
        self._on_closed(self._name, size)

    def abandon(self) -> None:
        """Drop the open volume, if any."""
        if self._archive is not None:
            with suppress(OSError, ValueError):
                self._archive.close()
            with suppress(OSError):
                self._raw.close()
            self._part.unlink(missing_ok=True)
            self._archive = None

    @property
    def _name(self) -> str:
        return f"export-{self._number:03}.{self._limits.volume_kind}"

    @property
    def _part(self) -> Path:
        return self._directory / f"{self._name}.part"

    def _open(self) -> None:
        free = shutil.disk_usage(self._directory).free
        if free < self._limits.keep_free_bytes:
            raise EngineError(EngineFault.NO_SPACE, need_bytes=self._limits.keep_free_bytes, have_bytes=free)
        self._number += 1
        self._raw = self._part.open("wb", BUFFER_BYTES)
        self._archive = _ARCHIVES[self._limits.volume_kind](self._raw)
        self._entries = 0
