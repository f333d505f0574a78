"""A bank file cut into its documents: some banks write one behind the other, which is no single XML."""

import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = 1 << 16
_REACH = 200  # bytes that an end and the beginning behind it may take, spaces included
# The end of a document, and the beginning of another one right behind it.
_SEAM = re.compile(
    rb"</(?:[\w.-]+:)?Document\s*>()(?:\s|\xef\xbb\xbf)*(?=<\?xml\s|<(?:[\w.-]+:)?Document[\s>])"
)

_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")


class Part:
    """Some bytes of a file, read as a file of their own."""

    def __init__(self, source: BinaryIO, start: int, end: int | None) -> None:
        self._source, self._at, self._end = source, start, end

    def read(self, size: int = -1) -> bytes:
        if self._end is not None:
            rest = self._end - self._at
            size = rest if size < 0 else min(size, rest)
        self._source.seek(self._at)
        data = self._source.read(size)
        self._at += len(data)
        return data


def documents(source: BinaryIO) -> Iterator[Part]:
    """Each document of a file. source: can be sought; memory does not grow with it."""
    start, root = 0, _ROOT.search(source.read(_BLOCK))
    is_bare = root is not None and root[1] == b"Document"  # else something stands around them all
    for end, following in list(_seams(source)) if is_bare else ():
        yield Part(source, start, end)
        start = following
    yield Part(source, start, None)


def _seams(source: BinaryIO) -> Iterator[tuple[int, int]]:
    """Where a document ends, and where the following one begins."""
    source.seek(0)
    at, held = 0, b""  # position in the file of what is held
    while block := source.read(_BLOCK):
        held += block
        last = 0
        if b"Document" in held:
            for found in _SEAM.finditer(held):
                yield at + found.end(1), at + found.end()
                last = found.end()
        keep = max(last, len(held) - _REACH)
        at, held = at + keep, held[keep:]
