"""What goes into a volume, whichever kind it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from portal.engine.tarstream import Member


class BadVolume(Exception):
    """A volume is not what was written."""


@dataclass(frozen=True)
class Header:
    """What a volume says of an entry. mtime: seconds since 1970, UTC.

    raw, records: the header and the further records of restic's own tar stream, where it was read from
    one: owners, rights and extended attributes, which a tar volume passes on.
    """

    name: str
    size: int
    mtime: float
    mode: int = 0o644
    type: str = "file"
    target: str = ""  # of a symlink
    raw: bytes = b""
    records: Mapping[str, str] = field(default_factory=dict)


def header_of(member: Member, name: str) -> Header:
    return Header(
        name, member.size, member.mtime, member.mode, member.type, member.target, member.raw, member.records
    )


class Archive(Protocol):
    """A volume open for writing."""

    @property
    def size(self) -> int:
        """Bytes that it would have if it were closed now, at most."""
        ...

    def cost(self, header: Header) -> int:
        """Bytes that an entry adds, at most."""
        ...

    def put(self, header: Header, chunks: Iterable[bytes]) -> str:
        """Add an entry; return the SHA-256 of its content, or of the target of a link."""
        ...

    def close(self) -> None: ...
