"""What a backup holds, written beside it, and what differs when it is restored."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flask_babel import gettext as _

NAME = "inventory.json"


@dataclass(frozen=True)
class Kept:
    """A file as it lies in the backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Inventory:
    """The point in time of a backup: taken when the database was, documents included."""

    taken_at: str  # ISO, UTC
    application: str
    migration: str
    engine: str  # sqlite, postgresql
    keys: str  # fingerprint of the key file; "" for a database that knows none
    database: Kept
    tables: dict[str, int]  # rows
    documents: dict[str, Kept] = field(default_factory=dict)  # by storage key
    journals: dict[str, Kept] = field(default_factory=dict)  # of erasures, by their path
    erased: list[str] = field(default_factory=list)  # uids of those erased while the backup was made
    missing: list[str] = field(default_factory=list)  # uids of those that the store had lost

    def write(self, folder: Path) -> None:
        (folder / NAME).write_text(json.dumps(asdict(self), indent=0, sort_keys=True))

    @classmethod
    def read(cls, path: Path) -> "Inventory":
        raw = json.loads(path.read_text())
        raw["database"] = Kept(**raw["database"])
        raw["documents"] = {key: Kept(**kept) for key, kept in raw["documents"].items()}
        raw["journals"] = {name: Kept(**kept) for name, kept in raw["journals"].items()}
        return cls(**raw)

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def row_differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    """Each table that has not the rows that it should have, as a sentence."""
    for table in sorted(wanted.keys() | found.keys()):
        if (had := wanted.get(table)) != (has := found.get(table)):
            yield _(
                "table %(table)s : %(has)s lignes, %(had)s attendues",
                table=table,
                has="–" if has is None else has,
                had="–" if had is None else had,
            )


def document_differences(wanted: Mapping[str, Kept], found: Mapping[str, Kept | None]) -> Iterator[str]:
    """Each document that is not what was kept; None stands for one that is not there."""
    for key, kept in sorted(wanted.items()):
        if (has := found.get(key)) is None:
            yield _("document %(key)s : absent", key=key)
        elif has != kept:
            yield _("document %(key)s : contenu différent", key=key)


def kept_file(path: Path) -> Kept:
    with path.open("rb") as content:
        return Kept(path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def lost_documents(inventory: Inventory) -> Iterator[str]:
    for uid in inventory.missing:
        yield _("document %(uid)s : il manquait déjà quand la sauvegarde a été faite", uid=uid)
