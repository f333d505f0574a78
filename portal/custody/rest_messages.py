"""restic's REST protocol, the part that reads: names, byte ranges and listings as values.

Source: restic, doc/REST_backend.rst; RFC 9110, 14.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

KINDS = ("data", "index", "keys", "locks", "snapshots")
LISTINGS = {1: "application/vnd.x.restic.rest.v1", 2: "application/vnd.x.restic.rest.v2"}
_OBJECT = re.compile(rf"(?:{'|'.join(KINDS)})/[0-9a-f]{{64}}")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Part(NamedTuple):
    """Bytes of an object, both ends included; empty when ``last`` lies before ``first``."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class BadRange(ValueError):
    """A range that nobody can serve, or several of them."""


def is_object(path: str) -> bool:
    """True for ``config`` and for ``<kind>/<64 hexadecimal digits>``, in lower case."""
    return path == "config" or _OBJECT.fullmatch(path) is not None


def listed_kind(path: str) -> str | None:
    """The kind whose names ``keys/`` asks for; None for anything else."""
    kind, slash, rest = path.partition("/")
    return kind if kind in KINDS and slash and not rest else None


def places(path: str, *, flat: bool) -> tuple[str, ...]:
    """Where a store may keep an object: a REST server takes the flat name, others sort data by two digits."""
    kind, _, name = path.partition("/")
    return (path,) if flat or kind != "data" else (f"data/{name[:2]}/{name}", path)


def asked_part(header: str | None, size: int) -> Part | None:
    """The part that a Range header asks for; None for the whole. Raises BadRange."""
    if header is None:
        return None
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        raise BadRange(header)
    if not found[1]:
        first, last = size - min(int(found[2]), size), size - 1
    else:
        first, last = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
    if first >= size or (found[1] and found[2] and int(found[2]) < first):
        raise BadRange(header)
    return Part(first, last)


def listing_version(accept: str | None) -> int:
    return 2 if LISTINGS[2] in (accept or "") else 1


def listing(objects: Iterable[tuple[str, int]], version: int) -> Iterator[bytes]:
    """The names, with their sizes in version 2, as JSON in pieces of about a thousand."""
    pieces, start = [], b"["
    for name, size in objects:
        pieces.append(json.dumps(name if version == 1 else {"name": name, "size": size}))
        if len(pieces) == 1000:
            yield start + ",".join(pieces).encode()
            pieces, start = [], b","
    yield (start if pieces or start == b"[" else b"") + ",".join(pieces).encode() + b"]"
