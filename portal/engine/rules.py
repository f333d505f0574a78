"""Which files a backup takes, what it reports, and when it outgrows its contract, as pure functions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from portal.errors import Refused
from portal.wording import N_

_BASIS = 10_000  # basis points in one


@dataclass(frozen=True)
class BackupReport:
    """What a customer who wants it is told after each backup."""

    stored_bytes: int
    files: int
    incidents: tuple[str, ...]


def needs_review(changed: int, at_last_backup: int, limit_bp: int) -> bool:
    """Has more changed since the last backup than the contract was sized for?

    changed, at_last_backup: bytes, or files, never mixed. limit_bp: basis points of the pinned
    version, 500 for 5 %. True asks a person to review the contract; nothing is charged.
    Nothing can be compared when the last backup was empty.

    Source: 002-05, A10.
    """
    return _exceeds(changed, at_last_backup, limit_bp, 1)


def needs_review_daily(changed: int, first_saved: int, limit_bp: int, days: int) -> bool:
    """Has more changed each day, on what was first saved, than the contract was sized for?

    changed: bytes, or files, changed since the last backup. first_saved: the same, of the very first
    backup. limit_bp: basis points a day of the pinned version, 20 for 0.2 %. days: since the last
    backup, at least 1. True asks a person to review the contract; nothing is charged.
    Raises Refused if ``days`` is below 1.

    Source: 004-07, A10.
    """
    if days < 1:
        raise Refused(N_("Le taux quotidien se compte sur un jour au moins."))
    return _exceeds(changed, first_saved, limit_bp, days)


def incidents_to_mail(incidents: Iterable[str], mailed: Collection[str]) -> list[str]:
    """The incidents of backups that the customer was not written to about: one e-mail each, at once.

    incidents: identifiers, in the order in which they happened. mailed: those told already.

    Source: 000-44.
    """
    return [incident for incident in dict.fromkeys(incidents) if incident not in mailed]


def build_report(
    *, wanted: bool, stored_bytes: int, files: int, incidents: Iterable[str]
) -> BackupReport | None:
    """The report after a backup, for a customer who wants it; None for one who does not.

    stored_bytes: volume kept. files: number of files backed up. incidents: all those of the period.

    Source: 000-45.
    """
    return BackupReport(stored_bytes, files, tuple(incidents)) if wanted else None


def _exceeds(changed: int, base: int, limit_bp: int, times: int) -> bool:
    return base > 0 and changed * _BASIS > base * limit_bp * times
