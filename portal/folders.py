"""A watched folder of this machine: what lies in it, and moves that happen wholly or not at all.

``inbox`` and ``outbox`` are for the software beside it; ``ready``, ``done`` and ``refused`` are the portal's.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flask import current_app

from portal.db import new_uid
from portal.errors import Refused
from portal.wording import N_

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HALF = (".part", ".tmp", ".filepart")  # endings that programs give to what they are still writing
_PIECE = 1 << 20


class Lying(NamedTuple):
    """A file of the inbox: its real name, its name as shown, its size in bytes, its last change (ns)."""

    real: str
    name: str
    size_bytes: int
    changed_ns: int

    @property
    def is_half(self) -> bool:
        return self.real.startswith(".") or self.real.lower().endswith(_HALF)


class Folder:
    """Raises OSError wherever the machine does not let the portal do what it must."""

    def __init__(self, name: str, *, root: str = "BANK_DOOR_DIR") -> None:
        self.path = Path(current_app.config[root]) / checked_name(name)
        self.inbox, self.outbox, self.ready = self.path / "inbox", self.path / "outbox", self.path / "ready"
        self.done, self.refused = self.path / "done", self.path / "refused"

    def make(self) -> None:
        for each in (self.inbox, self.outbox, self.ready, self.done, self.refused):
            each.mkdir(mode=0o770, parents=True, exist_ok=True)

    def lying(self) -> Iterator[Lying]:
        """What lies in the inbox, by name: plain files only, a link is followed by nobody."""
        with os.scandir(self.inbox) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield Lying(entry.name, shown(entry.name), found.st_size, found.st_mtime_ns)

    def write_ready(self, place: str, source: BinaryIO) -> int:
        """Write it where the bank's software does not look, down to the disk; returns its size in bytes."""
        size, path = 0, self.ready / place
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as out:
            while piece := source.read(_PIECE):
                size += out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        return size

    def put_out(self, place: str, name: str) -> None:
        """Into the outbox, at once and once: what is no longer ready has gone out before."""
        with suppress(FileNotFoundError):
            (self.ready / place).rename(self.outbox / name)

    def tidy_ready(self, but: set[str]) -> None:
        """Remove what a killed attempt has left."""
        for each in self.ready.iterdir():
            if each.name not in but:
                each.unlink(missing_ok=True)

    def move_aside(self, name: str, changed_ns: int, *, to: Path, uid: str) -> None:
        """Out of the inbox, unless it is another file by now."""
        for each in self.lying():
            if each.name == name and each.changed_ns == changed_ns:
                (self.inbox / each.real).rename(to / f"{uid}-{each.real}"[-200:])


def checked_name(typed: str) -> str:
    """Raises Refused for what is not one plain name: nobody reaches another folder of the machine by it."""
    name = typed.strip()
    if not _NAME.fullmatch(name):
        raise Refused(
            N_("Un nom de dossier : des minuscules sans accent, des chiffres et des tirets."), field="folder"
        )
    return name


def check_folder(name: str, *, root: str = "BANK_DOOR_DIR") -> None:
    """Make the folder and try each move. Raises Refused beside the field where the machine says no."""
    folder, probe = Folder(name, root=root), f".{new_uid()}"
    try:
        folder.make()
        for start, end in ((folder.ready, folder.outbox), (folder.inbox, folder.done)):
            (start / probe).touch(exist_ok=False)
            (start / probe).rename(end / probe)
            (end / probe).unlink()
    except OSError as error:
        raise Refused(
            N_("Le portail ne peut pas écrire dans %(folder)s (%(error)s)."),
            field="folder",
            folder=str(folder.path),
            error=type(error).__name__,
        ) from None


def shown(real: str) -> str:
    """A name that can be kept and shown, whatever bytes it is made of."""
    return os.fsencode(real).decode("utf-8", "replace").replace("\x00", "")[:200]
