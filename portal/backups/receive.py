"""Take in what a machine reports of a run: once, with its incidents told and its change rate looked at."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import case, literal, or_, select, update

from portal import clock
from portal.backups.anomalies import look_at_run
from portal.backups.health import Health, Outcome, Trouble, due_by, standing
from portal.backups.letters import send_incidents, send_report
from portal.backups.models import BackupIncident, BackupRun, Machine
from portal.backups.reviews import look_at_changes
from portal.backups.signals import machine_reported
from portal.backups.watch import values_of
from portal.canonical import canonical_json
from portal.crypto.secrets import token_hash
from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError
from portal.jobs import insert_once
from portal.licensing.models import not_activated
from portal.wording import N_

RUNS_PER_HOUR = 60  # of one machine
CLOCK_SKEW = timedelta(hours=1)

# What an incident says when the client counted one and did not describe it.
_SILENT = {
    Trouble.DAMAGED: N_("Le dépôt de sauvegarde est endommagé."),
    Trouble.LOCKED: N_("Le dépôt de sauvegarde est tenu par une autre opération."),
    Outcome.FAILED: N_("La sauvegarde a échoué."),
    Outcome.PARTIAL: N_("Des fichiers n'ont pas pu être lus."),
    Outcome.OK: N_("La sauvegarde a signalé un incident sans le décrire."),
}


class ReportRefused(PortalError):
    """A report that is not taken: a stable code for programs, a sentence for people."""

    def __init__(self, code: str, message: str, status: int, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Report:
    """One run as the machine tells it; checked for form, not yet for sense."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    trouble: Trouble
    source_bytes: int
    added_bytes: int
    files_new: int
    files_changed: int
    files_total: int
    incidents: int
    texts: tuple[str, ...]
    snapshot_id: str
    client_version: str

    @property
    def digest(self) -> str:
        told = asdict(self) | {
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
        }
        return hashlib.sha256(canonical_json(told)).hexdigest()


def find_machine(token: str) -> Machine:
    """The machine of this token, whichever organisation it belongs to; raises ReportRefused."""
    with scope(EVERYTHING):
        query = select(Machine).where(Machine.token_hash == token_hash(token))
        machine = db.session.scalars(query).one_or_none() if token else None
    if machine is None:
        raise ReportRefused("UNKNOWN_TOKEN", _("Ce jeton de machine est inconnu ou remplacé."), 401)
    return machine


def receive_report(machine: Machine, report: Report) -> tuple[BackupRun, bool]:
    """Keep a run and do what it calls for; says whether it is new. The same run again changes nothing.

    Raises ReportRefused: 409 when the run was told otherwise, 422 for impossible times, 429 when the
    machine reports too often; LicenseRefused (410) for a run after the end of the licence.
    """
    if known := _find_run(machine, report):
        return known, False
    _check(machine, report)
    run = _keep(machine, report)
    if run is None:  # the same report came twice at once
        again = _find_run(machine, report)
        assert again is not None
        return again, False
    if _is_newest(machine, run):
        look_at_changes(run)
        look_at_run(run)
        machine_reported.send(machine)
    send_incidents(run)
    send_report(run)
    return run, True


def _find_run(machine: Machine, report: Report) -> BackupRun | None:
    query = select(BackupRun).where(BackupRun.machine_id == machine.id, BackupRun.run_id == report.run_id)
    run = db.session.scalars(query).one_or_none()
    if run is not None and run.digest != report.digest:
        raise ReportRefused(
            "RUN_CHANGED", _("Cette sauvegarde a déjà été rapportée, avec un autre contenu."), 409, "run_id"
        )
    return run


def _check(machine: Machine, report: Report) -> None:
    now = clock.now()
    if report.ended_at < report.started_at:
        raise ReportRefused("INVALID", _("La fin précède le début."), 422, "ended_at")
    if report.ended_at > now + CLOCK_SKEW:
        raise ReportRefused("INVALID", _("La fin est dans le futur : réglez l'horloge."), 422, "ended_at")
    if machine.activation.released_at is not None:
        raise not_activated()
    machine.activation.key.check_usable(clock.paris_day(report.ended_at))
    query = select(db.func.count(BackupRun.id)).where(
        BackupRun.machine_id == machine.id, BackupRun.created_at > now - timedelta(hours=1)
    )
    if (db.session.scalar(query) or 0) >= RUNS_PER_HOUR:
        raise ReportRefused("TOO_MANY", _("Trop de rapports en une heure : réessayez plus tard."), 429)


def _keep(machine: Machine, report: Report) -> BackupRun | None:
    texts = report.texts or _silent(report)
    told = asdict(report)
    del told["texts"]
    told["incidents"] = max(report.incidents, len(texts))
    told["ended_at"] = min(report.ended_at, clock.now())  # a clock that is ahead does not hide a lateness
    owner = machine.customer.organisation
    row = BackupRun(organisation=owner, machine_id=machine.id, digest=report.digest, **told)
    if not insert_once(BackupRun, values_of(row), ["machine_id", "run_id"]):
        return None
    run = _find_run(machine, report)
    assert run is not None
    for text in texts:
        run.incident_rows.append(BackupIncident(organisation=owner, text=text))
    db.session.flush()
    return run


def _silent(report: Report) -> tuple[str, ...]:
    """An incident for a run that went wrong and does not say how."""
    if report.outcome == Outcome.OK and not report.incidents:
        return ()
    return (_SILENT[report.trouble or report.outcome],)


def _is_newest(machine: Machine, run: BackupRun) -> bool:
    """Make it the machine's last run, unless a later one is known; one statement, so that none is lost."""
    due = due_by(run.ended_at, machine.schedule_hours)
    odd = bool(machine.anomalies)
    stands = standing(run.outcome, run.trouble, run.incidents, due, anomalous=odd)
    newest = {
        "outcome": run.outcome,
        "trouble": run.trouble,
        "incidents": run.incidents,
        "ended_at": run.ended_at,
        "due_by": due,
        "source_bytes": run.source_bytes,
        "standing": case(
            (Machine.is_watched, literal(stands, Machine.standing.type)),
            else_=literal(Health.UNWATCHED, Machine.standing.type),
        ),
    }
    moved = db.session.execute(
        update(Machine)
        .where(Machine.id == machine.id, or_(Machine.ended_at.is_(None), Machine.ended_at < run.ended_at))
        .values(**newest)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(machine)
    return bool(moved.rowcount)  # type: ignore[attr-defined]
