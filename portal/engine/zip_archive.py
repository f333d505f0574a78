"""ZIP entries written and read with ISA-L: any program's format, at several times zlib's speed.

The headers and what closes the archive are the standard library's.
"""

import hashlib
import math
import os
import struct
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import IO

from isal import isal_zlib

from portal import clock
from portal.engine.volume_entry import BadVolume, Header

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 8_192
GLANCE_BYTES = 256
NOISE = 0.93  # share of the 256 byte values that random bytes show, and that texts are far from
WORTH_DEFLATING = 0.9  # of the sample; most bytes of a backup are compressed already
HEADERS_BYTES = 200  # per entry, both headers without the name, at most
DIRECTORY_BYTES = 100  # the second of them
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # what a ZIP date can say
LEVEL = 1  # of ISA-L's 0 to 3: smaller than zlib's own level 1, at four times its speed
_RAW = -15  # deflate without a header, as ZIP has it
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, lengths of name and extra: APPNOTE.TXT 4.3.7
_SIGNATURE = b"PK\x03\x04"


class ZipArchive(zipfile.ZipFile):
    """See :class:`portal.engine.volume_entry.Archive`; written on a file that can be sought in.

    Entries are added as the standard library's ``mkdir`` adds a folder.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__(raw, "w")
        self._directory_bytes = 0

    @property
    def size(self) -> int:
        return self.start_dir + self._directory_bytes

    def cost(self, header: Header) -> int:
        return HEADERS_BYTES + 2 * len(header.name.encode()) + header.size

    def put(self, header: Header, chunks: Iterable[bytes]) -> str:
        """Add an entry, stored or deflated; return the SHA-256 of its content.

        header.size: bytes to come, which decides on zip64.
        """
        assert self.fp is not None
        pieces = iter(chunks)
        first = next(pieces, b"")
        info = _zip_info(header, first)
        self._directory_bytes += DIRECTORY_BYTES + len(header.name.encode())
        content = _Content(info, first, pieces)
        zip64 = info.file_size * 1.05 > zipfile.ZIP64_LIMIT
        info.header_offset = self.start_dir
        info.CRC = info.compress_size = 0
        if content.is_short:  # the sums are known before anything is written
            packed = b"".join(content)
            head = info.FileHeader(zip64)
            self.fp.write(head)
            self.fp.write(packed)
        else:
            self.fp.write(info.FileHeader(zip64))
            for piece in content:
                self.fp.write(piece)
            self.fp.seek(info.header_offset)
            head = info.FileHeader(zip64)
            self.fp.write(head)
            self.fp.seek(0, os.SEEK_END)
        self.start_dir += len(head) + info.compress_size
        self.filelist.append(info)
        self.NameToInfo[info.filename] = info
        self._didModify = True  # the standard library's own mark: write the directory at the end
        return content.digest.hexdigest()


class _Content:
    """The bytes of an entry as they are stored; its sums and sizes are told in ``info`` at the end."""

    def __init__(self, info: zipfile.ZipInfo, first: bytes, pieces: Iterator[bytes]) -> None:
        self._info, self._first, self._pieces = info, first, pieces
        self.is_short = len(first) == info.file_size
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        crc = size = packed = 0
        deflater = None
        if self._info.compress_type == zipfile.ZIP_DEFLATED:
            deflater = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _RAW)
        for piece in chain((self._first,), self._pieces):
            self.digest.update(piece)
            crc = isal_zlib.crc32(piece, crc)
            size += len(piece)
            stored = piece if deflater is None else deflater.compress(piece)
            packed += len(stored)
            yield stored
        if deflater is not None:
            stored = deflater.flush()
            packed += len(stored)
            yield stored
        self._info.CRC, self._info.file_size, self._info.compress_size = crc, size, packed


def held(volume: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of each entry, read again. Raises BadVolume."""
    try:
        for info in zipfile.ZipFile(volume).infolist():
            yield info.filename, content_digest(volume, info)
    except (zipfile.BadZipFile, UnicodeError) as error:
        raise BadVolume from error


def content_digest(volume: IO[bytes], info: zipfile.ZipInfo) -> str:
    """SHA-256 of an entry, read again. info: from the central directory.

    Raises BadZipFile when the entry is not what the directory says or does not unpack.
    """
    volume.seek(info.header_offset)
    header = volume.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise zipfile.BadZipFile(info.filename)
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    name = volume.read(name_bytes + extra_bytes)[:name_bytes]
    if signature != _SIGNATURE or name != info.orig_filename.encode():
        raise zipfile.BadZipFile(info.filename)
    pieces = _pieces(volume, info.compress_size)
    if info.compress_type != zipfile.ZIP_STORED:
        pieces = _inflated(pieces)
    digest, crc, size = hashlib.sha256(), 0, 0
    for piece in pieces:
        digest.update(piece)
        crc = isal_zlib.crc32(piece, crc)
        size += len(piece)
    if (crc, size) != (info.CRC, info.file_size):
        raise zipfile.BadZipFile(info.filename)
    return digest.hexdigest()


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
    sample = content[:SAMPLE_BYTES]
    return len(isal_zlib.compress(sample, LEVEL, _RAW)) < WORTH_DEFLATING * len(sample)


def zip_date(mtime: float) -> tuple[int, int, int, int, int, int]:
    """Paris wall clock, as unzip programs expect local time, within what ZIP can say."""
    try:
        at = datetime.fromtimestamp(mtime, UTC).astimezone(clock.PARIS)
    except (ValueError, OverflowError, OSError):
        return _FIRST
    return min(_LAST, max(_FIRST, (at.year, at.month, at.day, at.hour, at.minute, at.second)))


def _pieces(volume: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (piece := volume.read(min(size, CHUNK_BYTES))):
        size -= len(piece)
        yield piece


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = isal_zlib.decompressobj(_RAW)
    try:
        for piece in pieces:
            while piece and not inflater.eof:
                yield inflater.decompress(piece, CHUNK_BYTES)  # bounded: few bytes can hold a gigabyte
                piece = inflater.unconsumed_tail
        yield inflater.flush()
    except isal_zlib.IsalError as error:
        raise zipfile.BadZipFile from error
    if not inflater.eof:
        raise zipfile.BadZipFile
