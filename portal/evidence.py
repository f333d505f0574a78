"""The chain of what happened around a signature: each event carries the hash of the one before.

The first link hangs on the fingerprint of the document, so neither the document nor an event can be
changed, removed or moved without showing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from portal.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class Link:
    """An event in its chain; hashes are SHA-256 in lower-case hexadecimal."""

    event: Mapping[str, Any]
    previous_hash: str
    hash: str


def append(previous_hash: str, event: Mapping[str, Any]) -> str:
    """Hash of the link made of ``event`` after ``previous_hash``.

    event: JSON values without floats; times are UTC text with milliseconds.
    """
    return sha256(previous_hash.encode() + b"\n" + canonical_json(dict(event))).hexdigest()


def verify(links: Iterable[Link], *, first: str, head: str | None = None) -> int | None:
    """Index of the first link that does not hold, or None if all do.

    first: what the first link hangs on, the fingerprint of the document.
    head: last hash as kept elsewhere; without it, links cut off at the end are not missed. With
    it, a chain too short answers the index where the next link is missing.
    """
    previous, index = first, -1
    for index, link in enumerate(links):
        if link.previous_hash != previous or link.hash != append(previous, link.event):
            return index
        previous = link.hash
    return None if head is None or head == previous else index + 1
