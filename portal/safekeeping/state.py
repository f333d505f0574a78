"""How the portal's own backups stand, for the page of work, the figures and the mails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _

from portal import clock
from portal.safekeeping.models import Rehearsal, SafetyRun, newest

OLDEST_BACKUP = timedelta(days=2)
OLDEST_DRILL = timedelta(days=9)  # a week, and some days for one that failed to be done again


@dataclass(frozen=True, slots=True)
class Safety:
    """The last backup and the last drill of each kind; ``is_wanted`` where BACKUP_REPO is set, or was."""

    is_wanted: bool
    last: dict[str, SafetyRun | None]
    good: dict[str, SafetyRun | None]

    @property
    def is_well(self) -> bool:
        return not self.is_wanted or next(self.problems(), None) is None

    def problems(self) -> Iterator[str]:
        """What somebody has to look at, in sentences; the oldest trouble first."""
        backup, drill = self.good[Rehearsal.BACKUP], self.good[Rehearsal.DRILL]
        if backup is None:
            yield _("Aucune sauvegarde du portail n'a encore réussi.")
        elif (age := seconds_since(backup)) > OLDEST_BACKUP.total_seconds():
            yield _("La dernière bonne sauvegarde du portail date de %(n)d heures.", n=age // 3600)
        if drill is not None and seconds_since(drill) > OLDEST_DRILL.total_seconds():
            yield _("Le dernier bon exercice de restauration date de plus de neuf jours.")
        for kind, run in self.last.items():
            if run is not None and not run.is_good:
                said = {"n": run.said}
                yield (
                    _("La dernière sauvegarde du portail a échoué : %(n)s", **said)
                    if kind == Rehearsal.BACKUP
                    else _("Le dernier exercice de restauration a échoué : %(n)s", **said)
                )


def safety() -> Safety:
    last: dict[str, SafetyRun | None] = {kind: newest(kind) for kind in Rehearsal}
    return Safety(
        is_wanted=bool(current_app.config["BACKUP_REPO"]) or any(last.values()),
        last=last,
        good={kind: newest(kind, good=True) for kind in Rehearsal},
    )


def seconds_since(run: SafetyRun) -> int:
    """Of the point in time that it holds or has tried; 0 for a clock that was set back."""
    at = run.snapshot_at if run.kind == Rehearsal.BACKUP and run.snapshot_at else run.created_at
    return max(0, int((clock.now() - at).total_seconds()))
