"""Reader of the tar stream that restic writes: forward only, flat memory, strict about its end.

The standard library's reader keeps every member in memory and takes a cut-off stream for a short
one; this one raises TruncatedTar unless the two closing blocks are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

BLOCK = 512
CHUNK_BYTES = 1 << 20
_FILE, _SYMLINK, _DIRECTORY = b"0", b"2", b"5"


class TruncatedTar(Exception):
    """The stream ended early or is not a tar stream."""


@dataclass(slots=True)
class Member:
    """One entry. A byte of a name that is not UTF-8 is a lone surrogate (surrogateescape)."""

    path: str  # without leading slash, without trailing slash
    type: str  # file, dir, symlink, other
    size: int
    mtime: float  # seconds since 1970, UTC
    mode: int
    target: str  # of a symlink
    raw: bytes  # the header block
    records: dict[str, str]  # further ones (pax): extended attributes, long names …


class TarReader:
    """Iterate over the members; take the content of each with :meth:`chunks` before the next."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = 0  # bytes of the current member still in the stream
        self._padding = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[Member]:
        extended: dict[str, str] = {}
        while True:
            for _ in self.chunks():
                pass
            header = self._exactly(BLOCK)
            if not header.strip(b"\0"):
                self._exactly(BLOCK)
                return
            _check(header)
            kind, size = header[156:157], _number(header[124:136])
            if kind in (b"x", b"g", b"L", b"K"):
                self._expect(size)
                extended.update(_extended(kind, b"".join(self.chunks())))
                continue
            member = _member(header, kind, size, extended)
            extended = {}
            self._expect(member.size)
            yield member

    def chunks(self) -> Iterator[bytes]:
        """The rest of the current member's content, in pieces of at most 1 MiB."""
        while self._left:
            chunk = self._exactly(min(CHUNK_BYTES, self._left))
            self._left -= len(chunk)
            yield chunk
        if self._padding:
            self._exactly(self._padding)
            self._padding = 0

    def _expect(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.bytes_read += len(data)
        if len(data) != size:
            raise TruncatedTar
        return data


def _member(header: bytes, kind: bytes, size: int, extended: dict[str, str]) -> Member:
    name, prefix = _text(header[:100]), _text(header[345:500])
    if header[257:263] == b"ustar\0" and prefix:
        name = f"{prefix}/{name}"
    types = {_FILE: "file", b"\0": "file", _DIRECTORY: "dir", _SYMLINK: "symlink"}
    type_ = types.get(kind, "other")
    return Member(
        path=extended.get("path", name).strip("/"),
        type=type_,
        size=int(extended.get("size", size)) if type_ == "file" else 0,
        mtime=float(extended.get("mtime", _number(header[136:148]))),
        mode=_number(header[100:108]) & 0o7777,
        target=extended.get("linkpath", _text(header[157:257])),
        raw=header,
        records=extended,
    )


def _extended(kind: bytes, data: bytes) -> dict[str, str]:
    """Names and numbers too long for the header: PAX records, or GNU long names. Raises TruncatedTar."""
    if kind in (b"L", b"K"):
        return {"path" if kind == b"L" else "linkpath": _text(data)}
    records = {}
    while data:
        digits, _, _ = data.partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = data[len(digits) + 1 : length]
        keyword, _, value = record.partition(b"=")
        if not record.endswith(b"\n") or not keyword.isascii():
            raise TruncatedTar
        records[keyword.decode()] = value[:-1].decode("utf-8", "surrogateescape")
        data = data[length:]
    return records


def _check(header: bytes) -> None:
    if _number(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * 32:
        raise TruncatedTar


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # base 256, for what octal cannot hold
        value = int.from_bytes(field, "big", signed=False) & ~(0x80 << 8 * (len(field) - 1))
        return value - (1 << 8 * len(field)) if field[0] == 0xFF else value
    return int(field.strip(b" \0") or b"0", 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
