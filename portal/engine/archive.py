"""ZIP entries written and read with ISA-L: any program's format, at several times zlib's speed.

The headers and what closes the archive are the standard library's.
"""

import hashlib
import os
import struct
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from isal import isal_zlib

CHUNK_BYTES = 1 << 20
LEVEL = 1  # of ISA-L's 0 to 3: smaller than zlib's own level 1, at four times its speed
_RAW = -15  # deflate without a header, as ZIP has it
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, lengths of name and extra: APPNOTE.TXT 4.3.7
_SIGNATURE = b"PK\x03\x04"


class Archive(zipfile.ZipFile):
    """An archive open for writing, on a file that can be sought in.

    Entries are added as the standard library's ``mkdir`` adds a folder.
    """

    @property
    def written(self) -> int:
        """Bytes, without the directory."""
        return self.start_dir

    def put(self, info: zipfile.ZipInfo, chunks: Iterable[bytes]) -> str:
        """Add an entry, stored or deflated; return the SHA-256 of its content.

        info.file_size: bytes to come, which decides on zip64.
        """
        assert self.fp is not None
        content = _Content(info, chunks)
        zip64 = info.file_size * 1.05 > zipfile.ZIP64_LIMIT
        info.header_offset = self.start_dir
        info.CRC = info.compress_size = 0
        if content.is_short:  # the sums are known before anything is written
            packed = b"".join(content)
            header = info.FileHeader(zip64)
            self.fp.write(header)
            self.fp.write(packed)
        else:
            self.fp.write(info.FileHeader(zip64))
            for piece in content:
                self.fp.write(piece)
            self.fp.seek(info.header_offset)
            header = info.FileHeader(zip64)
            self.fp.write(header)
            self.fp.seek(0, os.SEEK_END)
        self.start_dir += len(header) + info.compress_size
        self.filelist.append(info)
        self.NameToInfo[info.filename] = info
        self._didModify = True  # the standard library's own mark: write the directory at the end
        return content.digest.hexdigest()


class _Content:
    """The bytes of an entry as they are stored; its sums and sizes are told in ``info`` at the end."""

    def __init__(self, info: zipfile.ZipInfo, chunks: Iterable[bytes]) -> None:
        self._info, self._pieces = info, iter(chunks)
        self._first = next(self._pieces, b"")
        self.is_short = len(self._first) == info.file_size
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


def shrinks(sample: bytes, share: float) -> bool:
    """Whether deflating makes it smaller than that share of itself."""
    return len(isal_zlib.compress(sample, LEVEL, _RAW)) < share * len(sample)


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
