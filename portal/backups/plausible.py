"""Is what a good run left plausible? Pure; figures are bytes and counts of files."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

ENOUGH = 3  # earlier runs from which a median says something
SHRUNK_TO_PERCENT = 50
MASS_TIMES, MASS_PERCENT = 10, 20
SKEW = timedelta(hours=1)


def has_shrunk(now: int, before: Sequence[int]) -> bool:
    """Is the source less than half of what the machine's earlier good runs read, by their median?

    A single earlier run counts: an empty source after a full one is told at once.

    Source: 000-44.
    """
    usual = median(before) if before else 0
    return usual > 0 and now * 100 < usual * SHRUNK_TO_PERCENT


def is_mass_change(changed: int, total: int, before: Sequence[int]) -> bool:
    """Did ten times more files change than usual for this machine, and at least a fifth of all?

    That is how files look that somebody has encrypted. changed, before: new and changed files of a run.

    Source: 000-44, 002-05.
    """
    if len(before) < ENOUGH or not total:
        return False
    return changed * 100 >= total * MASS_PERCENT and changed > max(median(before), 1) * MASS_TIMES


def has_left_nothing(began_at: datetime, newest_at: datetime | None, measured_at: datetime) -> bool:
    """Is no snapshot in the vault that is as new as this run?

    began_at: by the server's clock; newest_at: of the newest snapshot, None: there is none at all.
    measured_at: when the vault was looked at, after the run.

    Source: 000-44.
    """
    if measured_at <= began_at:
        return False
    return newest_at is None or newest_at < began_at - SKEW
