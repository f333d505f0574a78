"""Tar volumes (POSIX.1-2001, pax) written and read again; the headers are the standard library's."""

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from typing import IO

from portal.engine.errors import EngineError, EngineFault
from portal.engine.tarstream import BLOCK, TarReader, TruncatedTar
from portal.engine.volume_entry import BadVolume, Header

MOST_HEADERS = 4 * BLOCK  # of an entry: its own, and a pax one before it with a block or two of records
_OURS = {"path", "linkpath", "size", "hdrcharset"}  # records that the name and the size decide
_END = bytes(2 * BLOCK)
_TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE}


class TarArchive:
    """See :class:`portal.engine.volume_entry.Archive`."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._written = 0

    @property
    def size(self) -> int:
        return self._written + len(_END)

    def cost(self, header: Header) -> int:
        words = len(header.name.encode("utf-8", "surrogateescape")) + len(header.target) * 4
        records = sum(len(key) + 4 * len(value) + 20 for key, value in header.records.items())
        return MOST_HEADERS + words + records + header.size + BLOCK

    def put(self, header: Header, chunks: Iterable[bytes]) -> str:
        """Raises EngineError(INCOMPLETE) when the content is not as long as the header says."""
        head = _info(header).tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        self._raw.write(head)
        digest, size = hashlib.sha256(), 0
        if header.type == "symlink":
            digest.update(_bytes(header.target))
        for piece in chunks:
            digest.update(piece)
            self._raw.write(piece)
            size += len(piece)
        if size != header.size:
            raise EngineError(EngineFault.INCOMPLETE)
        self._raw.write(bytes(-size % BLOCK))
        self._written += len(head) + size + -size % BLOCK
        return digest.hexdigest()

    def close(self) -> None:
        self._raw.write(_END)


def held(volume: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Name and digest of each entry, as :meth:`TarArchive.put` gave it. Raises BadVolume."""
    reader = TarReader(volume)
    try:
        for member in reader:
            digest = hashlib.sha256(_bytes(member.target) if member.type == "symlink" else b"")
            for piece in reader.chunks():
                digest.update(piece)
            yield member.path, digest.hexdigest()
    except (TruncatedTar, ValueError) as error:
        raise BadVolume from error


def _info(header: Header) -> tarfile.TarInfo:
    if header.raw:
        info = tarfile.TarInfo.frombuf(header.raw, "utf-8", "surrogateescape")
        info.pax_headers = {key: value for key, value in header.records.items() if key not in _OURS}
    else:
        info = tarfile.TarInfo()
        info.mode, info.mtime = header.mode, int(header.mtime)
    info.type = _TYPES[header.type]
    info.name, info.size, info.linkname = header.name, header.size, header.target
    return info


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
