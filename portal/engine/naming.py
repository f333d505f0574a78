"""Names in the export: as in the backup, except where Windows could not create the file."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_PATH = 240  # Windows stops at 260, and the customer unzips into some folder
LONG_FOLDER = "chemins-longs"
DOCUMENTS = (
    "MANIFEST.csv",
    "OLDER.csv",
    "CHOICE.csv",
    "SHA256SUMS",
    "NAMES.csv",
    "SPECIAL.csv",
    "LOST.csv",
    "VOLUMES.sha256",
    "export.json",
)

_FORBIDDEN = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f\udc80-\udcff]')
_TRAILING = re.compile(r"[. ]+$")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(?: *\.|$)", re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]")


def fold(path: str) -> str:
    """The path as ``restic ls`` prints it: one U+FFFD for each byte that is not UTF-8."""
    return _ESCAPED.sub("\ufffd", path)


def safe_name(name: str) -> str:
    """One path component that Windows, macOS and Linux accept."""
    name = _FORBIDDEN.sub("_", name)
    name = _TRAILING.sub(lambda end: "_" * len(end[0]), name)
    return f"_{name}" if _DEVICE.match(name) else name


class Naming(Protocol):
    """What gives a path its name in an export."""

    def name(self, path: str) -> str: ...


@dataclass
class _Folder:
    original: str
    exported: str
    used: set[str] = field(default_factory=set)


class Namer:
    """Give each path of a snapshot, in tree order, its name in the export; no two are alike.

    Memory is that of the folders on the current path: tree order never returns to a folder it
    has left.
    """

    def __init__(self, top: str = "") -> None:
        reserved = {_key(name) for name in (*DOCUMENTS, LONG_FOLDER)}
        self._stack = [_Folder("", top, set() if top else reserved)]

    def name(self, path: str) -> str:
        """The exported path of a file, with slashes, unique whatever the case of letters."""
        *folders, last = path.split("/")
        depth = 1
        while depth < len(self._stack) and depth <= len(folders):
            if self._stack[depth].original != folders[depth - 1]:
                break
            depth += 1
        del self._stack[depth:]
        for folder in folders[depth - 1 :]:
            self._stack.append(_Folder(folder, self._claim(folder)))
        exported = self._claim(last)
        if len(exported) > LONGEST_PATH:
            digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            top = self._stack[0].exported
            exported = "/".join(filter(None, (top, LONG_FOLDER, digest, safe_name(last)[-100:])))
        return exported

    def _claim(self, name: str) -> str:
        parent = self._stack[-1]
        candidate = safe_name(name)
        stem, dot, extension = candidate.rpartition(".")
        number = 1
        while _key(candidate) in parent.used:
            number += 1
            candidate = f"{stem}~{number}.{extension}" if stem else f"{dot}{extension}~{number}"
        parent.used.add(_key(candidate))
        return f"{parent.exported}/{candidate}" if parent.exported else candidate


class Verbatim:
    """Give each path its own name, below the folder of its machine."""

    def __init__(self, top: str) -> None:
        self._top = top

    def name(self, path: str) -> str:
        return f"{self._top}/{path}"


def _key(name: str) -> str:
    """Two names with one key are one file for Windows or macOS."""
    return unicodedata.normalize("NFC", name).casefold()
