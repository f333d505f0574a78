"""How a machine's backups stand at an instant. Nothing here is green unless a good run says so."""

from datetime import datetime, timedelta
from enum import StrEnum

MISSED_AFTER = 2  # schedules without a report


class Outcome(StrEnum):
    """What a run says of itself."""

    OK = "ok"
    PARTIAL = "partial"  # some of the source could not be read (restic answers 3)
    FAILED = "failed"


class Trouble(StrEnum):
    """Why a run did not go well, where the client knows it."""

    NONE = ""
    LOCKED = "locked"  # another operation holds the repository
    DAMAGED = "damaged"  # the repository cannot be read


class Health(StrEnum):
    """The state of a cell of the wall, the gravest first."""

    DAMAGED = "damaged"
    FAILED = "failed"
    LOCKED = "locked"
    ANOMALOUS = "anomalous"  # the run says well, and what it left says otherwise: see anomalies.py
    LATE = "late"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    FRESH = "fresh"
    UNWATCHED = "unwatched"


MAY_BE_LATE = (Health.PARTIAL, Health.FRESH)  # the others say something graver, or nothing
ALARMS = (Health.DAMAGED, Health.FAILED, Health.LOCKED, Health.ANOMALOUS, Health.LATE, Health.PARTIAL)


def due_by(ended_at: datetime, schedule_hours: int) -> datetime:
    """The last instant at which the machine is not late: two schedules after the end of its last run."""
    return ended_at + timedelta(hours=MISSED_AFTER * schedule_hours)


def standing(
    outcome: Outcome | None,
    trouble: Trouble,
    incidents: int,
    due: datetime | None,
    *,
    watched: bool = True,
    anomalous: bool = False,
) -> Health:
    """The state of a machine but for the hour: outcome, trouble and incidents of its last run.

    anomalous: nobody has looked yet at what was not plausible in it, or in one before.

    It is kept beside the machine, so that the database finds and counts; only « late » comes of the clock.
    """
    if not watched:
        return Health.UNWATCHED
    if outcome is None or due is None:
        return Health.UNKNOWN
    if trouble != Trouble.NONE:
        return Health(trouble.value)
    if outcome == Outcome.FAILED:
        return Health.FAILED
    if anomalous:
        return Health.ANOMALOUS
    return Health.FRESH if outcome == Outcome.OK and not incidents else Health.PARTIAL


def health(
    outcome: Outcome | None,
    trouble: Trouble,
    incidents: int,
    due: datetime | None,
    now: datetime,
    *,
    watched: bool = True,
    anomalous: bool = False,
) -> Health:
    """The state of a machine at an instant; ``due`` as of ``due_by``."""
    stands = standing(outcome, trouble, incidents, due, watched=watched, anomalous=anomalous)
    return Health.LATE if stands in MAY_BE_LATE and due is not None and now > due else stands
