"""Reading the folders of a snapshot one by one, where a list of the whole breaks off."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from portal.engine.errors import EngineError, EngineFault
from portal.engine.naming import fold
from portal.engine.port import Node

_UNREADABLE = {EngineFault.DAMAGED, EngineFault.INCOMPLETE, EngineFault.TIMED_OUT, EngineFault.UNKNOWN}
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
Read = Callable[[str, str], dict[str, Any]]


def walk(read: Read, snapshot_id: str) -> Iterator[Node]:
    """Every node below a snapshot, in tree order; a folder that cannot be read follows as « lost ».

    read: gives restic's record of a kind and an id. Unlike ``restic ls``, names are exact: a byte
    that is not UTF-8 is a lone surrogate (surrogateescape).
    """
    yield from _below(read, "", read("snapshot", snapshot_id)["tree"])


def walk_from(read: Read, snapshot_id: str, folder: str) -> Iterator[Node]:
    """Every node below one folder, as :func:`walk` gives them.

    folder: its path, absolute, as « lost » of another walk names it. Raises EngineError(PATH_MISSING) where
    the snapshot has no such folder, and what ``read`` raises above it.
    """
    path, tree = "", read("snapshot", snapshot_id)["tree"]
    for name in folder.strip("/").split("/") if folder != "/" else ():
        path, row = _named(read, tree, path, fold(name), "dir", 0)
        tree = row["subtree"]
    yield from _below(read, path, tree)


def node_at(read: Read, snapshot_id: str, listed: str) -> Node:
    """A file by the path that restic's list shows. Raises EngineError(PATH_MISSING), or as ``read`` does."""
    *folders, last = listed.strip("/").split("/")
    path, tree = "", read("snapshot", snapshot_id)["tree"]
    for folder in folders:
        path, row = _named(read, tree, path, folder, "dir", 0)
        tree = row["subtree"]
    return _node(*_named(read, tree, path, last, "file", 0))


def _below(read: Read, above: str, tree: str) -> Iterator[Node]:
    pending: list[tuple[str, dict[str, Any]]] = []

    def enter(path: str, tree: str) -> Iterator[Node]:
        try:
            nodes = read("blob", tree)["nodes"]
        except EngineError as error:
            if error.fault not in _UNREADABLE:
                raise
            yield Node(path or "/", "lost", 0, None, 0)
        else:
            pending.extend((f"{path}/{unquoted(row['name'])}", row) for row in reversed(nodes or ()))

    yield from enter(above, tree)
    while pending:
        path, row = pending.pop()
        yield _node(path, row)
        if row["type"] == "dir":
            yield from enter(path, row["subtree"])


def exact_path(read: Read, snapshot_id: str, listed: str, place: int = 0) -> str:
    """The path of a file, byte for byte, that restic's list shows with U+FFFD for what is not UTF-8.

    place: which one of the files with this listed path, in tree order, from 0.
    Raises EngineError(PATH_MISSING), and what ``read`` raises.
    """
    *folders, last = listed.strip("/").split("/")
    path, tree = "", read("snapshot", snapshot_id)["tree"]
    for folder in folders:
        path, row = _named(read, tree, path, folder, "dir", 0)
        tree = row["subtree"]
    return _named(read, tree, path, last, "file", place)[0]


def _named(
    read: Read, tree: str, above: str, listed: str, type_: str, place: int
) -> tuple[str, dict[str, Any]]:
    rows = [(unquoted(row["name"]), row) for row in read("blob", tree)["nodes"] or () if row["type"] == type_]
    found = [(f"{above}/{name}", row) for name, row in rows if fold(name) == listed]
    if place >= len(found):
        raise EngineError(EngineFault.PATH_MISSING)
    return found[place]


def _node(path: str, row: dict[str, Any]) -> Node:
    try:
        mtime = datetime.fromisoformat(row["mtime"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        mtime = None
    return Node(path, row["type"], row.get("size", 0), mtime, row.get("mode", 0) & 0o777)


def unquoted(name: str) -> str:
    """A name as Go's ``strconv.Quote`` writes it, taken back."""

    def letter(found: re.Match[str]) -> str:
        byte, short, long, single = found.groups()
        if byte:
            return chr(int(byte, 16)) if int(byte, 16) < 0x80 else chr(0xDC00 + int(byte, 16))
        return chr(int(short or long, 16)) if short or long else _LETTERS.get(single, single)

    return _ESCAPE.sub(letter, name)
