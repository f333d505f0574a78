"""One backup: the database at an instant, then the documents that it names, as one snapshot of restic."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _

from portal import clock
from portal.config import version
from portal.engine.port import Snapshot
from portal.errors import Refused
from portal.safekeeping.database import copy_database, sync, whole_url
from portal.safekeeping.inventory import Inventory, kept_file
from portal.safekeeping.models import Rehearsal, SafetyRun
from portal.safekeeping.place import Place, policy
from portal.safekeeping.staging import Changed, Staged, alone, clear_links, stage_documents, stage_journals

_TRIES = 3
DOCUMENTS, JOURNALS = "documents", "erasures"


@dataclass(frozen=True)
class Saved:
    copy: Snapshot
    inventory: Inventory
    seconds: int
    is_trimmed: bool  # what BACKUP_KEEP no longer keeps is gone

    def run(self) -> SafetyRun:
        """The row that tells of it; bad when the store had lost something that the database names."""
        lost = len(self.inventory.missing)
        return SafetyRun(
            kind=Rehearsal.BACKUP,
            is_good=not lost,
            seconds=self.seconds,
            snapshot=self.copy.id,
            snapshot_at=datetime.fromisoformat(self.inventory.taken_at),
            rows=self.inventory.rows,
            documents=len(self.inventory.documents),
            said=self._said(lost),
        )

    def _said(self, lost: int) -> str:
        if lost:
            return _("%(n)d documents manquent dans le stockage", n=lost)
        if self.is_trimmed:
            return ""
        return _("dépôt occupé, ou qui ne fait qu'ajouter : les anciennes sauvegardes restent")


def back_up(place: Place, tell: Callable[[], object] = lambda: None) -> Saved:
    """Make one backup and remove those that ``BACKUP_KEEP`` no longer keeps. Killed anywhere, begin again.

    Documents are written before the row that names them is committed: with the database copied first, each
    document that the copy names was there then. One that went since was erased, and the inventory says so.
    """
    began = clock.machine_ms()
    keep = policy(str(current_app.config["BACKUP_KEEP"]))
    with alone() as folder:
        place.check()
        stage = folder / "stage"
        try:
            inventory = _stage(stage, place, tell)
            copy = place.save(stage)
            is_trimmed = place.forget(keep)
        finally:
            clear_links(stage / DOCUMENTS)
            for path in stage.glob("database.*"):
                path.unlink()
    return Saved(copy, inventory, (clock.machine_ms() - began) // 1000, is_trimmed)


def _stage(stage: Path, place: Place, tell: Callable[[], object]) -> Inventory:
    for _try in range(_TRIES):
        stage.mkdir(mode=0o700, exist_ok=True)
        for path in stage.glob("*.*"):
            path.unlink()
        taken_at, url = clock.now(), whole_url()
        database, found = copy_database(url, stage, place.cancel)
        tell()
        try:
            staged: Staged = stage_documents(found.documents, stage / DOCUMENTS, tell)
        except Changed:
            continue
        inventory = Inventory(
            taken_at=taken_at.isoformat(),
            application=version(),
            migration=found.migration,
            engine=url.get_backend_name(),
            keys=found.keys,
            database=kept_file(database),
            tables=found.tables,
            documents=staged.documents,
            journals=stage_journals(stage / JOURNALS),
            erased=staged.erased,
            missing=staged.missing,
        )
        inventory.write(stage)
        sync(stage)
        return inventory
    shutil.rmtree(stage, ignore_errors=True)
    raise Refused(_("Des documents changent de place sans cesse : relancez la sauvegarde plus tard."))
