"""A backup brought back into an empty place, and compared with its inventory."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import URL, make_url, text

from portal.blob_stores import FolderStore, Store, store
from portal.blobs import CUSTOMERS_OWN, store_faults_told
from portal.engine.port import Snapshot
from portal.errors import Refused
from portal.safekeeping import inventory as lists
from portal.safekeeping.backup import DOCUMENTS, JOURNALS
from portal.safekeeping.database import FILES, connected, facts, is_empty, load_database, whole_url
from portal.safekeeping.inventory import Inventory, Kept, kept_file
from portal.safekeeping.place import Place
from portal.safekeeping.staging import alone, journals

Tell = Callable[[], object]


class Target:
    """Where a backup goes: the database and the store of the settings, or both below a folder of its own."""

    def __init__(self, folder: Path | None, engine: str) -> None:
        self.folder = folder
        if folder is None:
            self.url, self.store = whole_url(), store()
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.url, self.store = make_url(f"sqlite:///{folder / 'portal.db'}"), FolderStore(folder / "blobs")
        if engine != "sqlite":
            self.url = self.url.set(drivername="file", database=str(folder / FILES[engine]))

    @property
    def is_database(self) -> bool:
        """False where the archive of PostgreSQL is only laid down, for pg_restore by hand."""
        return self.url.drivername != "file"

    def is_empty(self) -> bool:
        if next(iter(self.store.keys()), None) is not None:
            return False
        return is_empty(self.url) if self.is_database else not Path(str(self.url.database)).exists()

    def has_database(self) -> bool:
        return not is_empty(self.url) if self.is_database else Path(str(self.url.database)).exists()


def restore(place: Place, copy: Snapshot, into: Path | None, tell: Tell = lambda: None) -> list[str]:
    """Restore a snapshot and say every difference from its inventory; none is a good restore.

    The place has to be empty, or hold what an earlier run for the same snapshot left when it was killed.
    Documents come first and the database last, so nothing can start on half of it.
    """
    with alone() as folder:
        if into is not None:
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = (into or folder) / "restore.json"
        goes_on = mark.exists() and json.loads(mark.read_text()) == {"snapshot": copy.id}
        fetched = folder / f"fetched-{copy.id[:16]}"
        held = lists.Inventory.read(_inventory_of(place, copy, folder))
        target = Target(into, held.engine)
        if not goes_on and not target.is_empty():
            raise Refused(_("La base ou le stockage n'est pas vide : rien n'y est restauré."))
        mark.write_text(json.dumps({"snapshot": copy.id}))
        source = _fetch(place, copy, fetched)
        missing = list(_put_journals(source / JOURNALS, held, into / JOURNALS if into else journals()))
        found = dict(_put_documents(source / DOCUMENTS, held, target.store, tell))
        if not target.has_database():
            _put_database(source / FILES[held.engine], held, target, place)
        differences = [*missing, *_compare(held, target), *lists.document_differences(held.documents, found)]
        shutil.rmtree(fetched, ignore_errors=True)
        mark.unlink()
    return differences


def _inventory_of(place: Place, copy: Snapshot, folder: Path) -> Path:
    return place.bring_file(copy, lists.NAME, folder / "restored-inventory.json")


def _fetch(place: Place, copy: Snapshot, fetched: Path) -> Path:
    """The whole snapshot on this disk; what an earlier run fetched to the end is not fetched again."""
    done = fetched / "whole"
    if not done.exists():
        fetched.mkdir(mode=0o700, exist_ok=True)
        place.bring(copy, fetched)
        done.touch()
    return fetched / copy.paths[0].lstrip("/")


def _put_documents(
    source: Path, held: Inventory, into: Store, tell: Tell
) -> Iterator[tuple[str, Kept | None]]:
    """Move every document into the store; says what each one is there."""
    with store_faults_told():
        there = set(into.keys())
    for key in held.documents:
        path = source / key[:2] / key
        if path.exists():
            kept = kept_file(path)
            with store_faults_told():
                into.adopt(key, path, tell)
            yield key, kept
        elif key in there:  # an earlier run has moved it
            with store_faults_told():
                yield key, _kept_in(into, key)
        else:
            yield key, None


def _put_journals(source: Path, held: Inventory, into: Path) -> Iterator[str]:
    """Copy the journals of erasures; those that are there already stay."""
    for name, kept in sorted(held.journals.items()):
        path, target = source / name, into / name
        if not path.exists() or kept_file(path) != kept:
            yield _("journal d'effacement %(name)s : absent ou différent", name=name)
        elif not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _kept_in(into: Store, key: str) -> Kept:
    digest, size = hashlib.sha256(), 0
    with into.open(key) as content:
        while block := content.read(1 << 20):
            digest.update(block)
            size += len(block)
    return Kept(size, digest.hexdigest())


def _put_database(source: Path, held: Inventory, target: Target, place: Place) -> None:
    if not source.exists() or kept_file(source) != held.database:
        raise Refused(_("Le fichier de la base, dans cette sauvegarde, n'est pas celui de son inventaire."))
    if target.is_database:
        load_database(source, target.url, place.cancel)
    else:
        shutil.move(source, str(target.url.database))


def _compare(held: Inventory, target: Target) -> Iterator[str]:
    yield from lists.lost_documents(held)
    if target.is_database:
        yield from database_differences(held, target.url)
        forget_what_is_not_here(held, target.url)


def database_differences(held: Inventory, url: URL) -> Iterator[str]:
    """What the restored database says otherwise than the inventory."""
    with connected(url) as connection:
        found = facts(connection)
    if found.migration != held.migration:
        yield _("migration %(has)s, %(had)s attendue", has=found.migration, had=held.migration)
    if found.keys != held.keys:
        yield _("la base ne connaît pas le trousseau qu'elle connaissait")
    yield from lists.row_differences(held.tables, found.tables)


def forget_what_is_not_here(held: Inventory, url: URL) -> None:
    """Say of the documents that no backup holds that they are erased: their rows stay, as proof."""
    with connected(url) as connection:
        own = ", ".join(f"'{kind}'" for kind in sorted(CUSTOMERS_OWN))
        connection.execute(text(f"update document set erased = true where kind in ({own})"))  # noqa: S608
        for uid in held.erased:
            connection.execute(text("update document set erased = true where uid = :uid"), {"uid": uid})
        connection.commit()
