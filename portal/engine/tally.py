"""Comparing two long lists of files, whatever their order, in the memory of one number."""

import hashlib
from dataclasses import dataclass, field


@dataclass
class Tally:
    """A multiset of (group, path, size). Two are equal when their files are the same.

    The sum of one SHA-256 per file stands for the list: it guards against losses, not against
    somebody who could choose the names.
    """

    files: int = 0
    bytes: int = 0
    _sum: int = field(default=0, repr=False)

    def add(self, group: int, path: str, size: int) -> None:
        self.files += 1
        self.bytes += size
        self._sum = (self._sum + file_key(group, path, size)) % (1 << 256)


def file_key(group: int, path: str, size: int) -> int:
    """path: as ``restic ls`` prints it."""
    text = f"{group}\0{size}\0{path}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
