"""Files that are encrypted where they lie and can be read from any place in them: AES-256-GCM by pieces.

A file begins with a mark, the name of the master key (16 bytes) and a salt of 32 random bytes, from which
its own key is derived. Pieces of ``PIECE_BYTES`` follow, each with its tag. The nonce of a piece is its
number and whether it is the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015), so that no piece can be changed, moved, left out or taken from another file.
"""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 256 * 1024
SALT_BYTES = 32
_MARK, _NAME_BYTES, _TAG_BYTES = b"portal-sealed-1\n", 16, 16
HEAD_BYTES = len(_MARK) + _NAME_BYTES + SALT_BYTES
Derive = Callable[[str, bytes], bytes]
"""``derive(name of the master key, salt)`` is the 32 bytes of one file's key."""


class BrokenFile(OSError):
    """The stored bytes are not those that were written."""


def key_name_of(head: bytes) -> str | None:
    """The master key of a file that begins so; None for a file that is not sealed."""
    if len(head) < HEAD_BYTES or not head.startswith(_MARK):
        return None
    return head[len(_MARK) : len(_MARK) + _NAME_BYTES].rstrip(b"\0").decode()


@dataclass(frozen=True)
class Written:
    size_bytes: int
    sha256: str
    """Both of the plain content."""


def write_sealed(
    source: BinaryIO, out: BinaryIO, key_name: str, derive: Derive, tell: Callable[[], object] = lambda: None
) -> Written:
    """Encrypt ``source``, buffered and to its end, into ``out``; ``tell`` is called after each piece."""
    salt = os.urandom(SALT_BYTES)
    out.write(_MARK + key_name.encode().ljust(_NAME_BYTES, b"\0") + salt)
    cipher, digest = AESGCM(derive(key_name, salt)), hashlib.sha256()
    number, size, piece = 0, 0, source.read(PIECE_BYTES)
    while True:
        following = source.read(PIECE_BYTES)
        digest.update(piece)
        size += len(piece)
        out.write(cipher.encrypt(_nonce(number, last=not following), piece, None))
        tell()
        if not following:
            return Written(size, digest.hexdigest())
        number, piece = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class _Unsealing(io.RawIOBase):
    def __init__(self, open_at: Callable[[int], BinaryIO], size_bytes: int, derive: Derive) -> None:
        self._open_at, self._size = open_at, size_bytes
        self._source = open_at(0)
        head = self._source.read(HEAD_BYTES)
        if len(head) != HEAD_BYTES or not head.startswith(_MARK):
            raise BrokenFile("not a sealed file")
        name, salt = head[len(_MARK) : -SALT_BYTES].rstrip(b"\0"), head[-SALT_BYTES:]
        try:
            self._cipher = AESGCM(derive(name.decode(), salt))
        except (InvalidTag, UnicodeDecodeError):
            raise BrokenFile("sealed with a key that is not here") from None
        self._last = max(size_bytes - 1, 0) // PIECE_BYTES
        self._next = 0  # the piece at which the source stands
        self._held, self._piece = -1, b""
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer).cast("B")
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, PIECE_BYTES)
        part = memoryview(self._plain(number))[start : start + len(room)]
        room[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _plain(self, number: int) -> bytes:
        if number != self._held:
            length = min(PIECE_BYTES, self._size - number * PIECE_BYTES) + _TAG_BYTES
            if number != self._next:
                self._source.close()
                self._source = self._open_at(HEAD_BYTES + number * (PIECE_BYTES + _TAG_BYTES))
            sealed = self._source.read(length)
            try:
                self._piece = self._cipher.decrypt(_nonce(number, last=number == self._last), sealed, None)
            except InvalidTag:
                raise BrokenFile(f"piece {number} is not what was written") from None
            self._held, self._next = number, number + 1
        return self._piece

    def close(self) -> None:
        if not self.closed and hasattr(self, "_source"):
            self._source.close()
        super().close()


def open_sealed(open_at: Callable[[int], BinaryIO], size_bytes: int, derive: Derive) -> BinaryIO:
    """The plain content, to be read from any place.

    open_at: opens the sealed bytes at an offset. size_bytes: of the plain content. Raises BrokenFile, at
    once or while it is read, for anything else than what was written.
    """
    return io.BufferedReader(_Unsealing(open_at, size_bytes, derive), PIECE_BYTES)
