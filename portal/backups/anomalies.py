"""A run that says well and left nothing plausible: told once, and held until a person has looked."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from blinker import Namespace
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.actor import Actor
from portal.backups.health import Outcome
from portal.backups.models import BackupRun, Machine, machines_of
from portal.backups.plausible import has_left_nothing, has_shrunk, is_mass_change
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, Tenant, db, scope
from portal.engine.models import Vault, mail_contact, vault_measured
from portal.journal import SYSTEM, record
from portal.licensing.models import Activation, ActivationKey
from portal.mail import link, queue_mail
from portal.paging import Page, first_of, page_of
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription

TOLD = (Role.OWNER, Role.SUPPORT)  # of the reseller
RUNS = 15  # earlier ones that the median is of

# In the transaction that finds one, sent by the anomaly.
anomaly_found = Namespace().signal("anomaly-found")


class AnomalyKind(StrEnum):
    SHRUNK = "shrunk"  # the source is far smaller than usual
    MASS_CHANGE = "mass_change"  # far more files changed than usual
    NO_SNAPSHOT = "no_snapshot"  # nothing new came into the vault


class AnomalyState(StrEnum):
    OPEN = "anomaly_open"
    SEEN = "anomaly_seen"


class BackupAnomaly(Tenant, Stateful, db.Model):
    """What was not plausible in a run, until a person has looked at it."""

    __tablename__ = "backup_anomaly"
    __table_args__ = (Index("ix_backup_anomaly_state", "state", "id"),)

    steps = {"see": step(AnomalyState.OPEN, to=AnomalyState.SEEN)}

    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"), index=True)
    backup_run_id: Mapped[int] = mapped_column(ForeignKey("backup_run.id"), index=True)
    kind: Mapped[AnomalyKind]
    found: Mapped[int] = mapped_column(BigInteger)  # bytes, or files
    usual: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[AnomalyState]
    note: Mapped[str] = mapped_column(Text, default="")
    seen_by: Mapped[str | None] = mapped_column(String(200))
    seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    machine: Mapped[Machine] = relationship()
    run: Mapped[BackupRun] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def see(self, note: str, *, by: Actor) -> None:
        """A person has looked: the machine is as its runs say again, once nothing else is open."""
        self._take("see", by=by, reason=note)
        self.note, self.seen_by, self.seen_at = note, by.label[:200], clock.now()
        db.session.flush()
        self.machine.anomalies = len(_open(self.machine))


def _open(machine: Machine) -> list[BackupAnomaly]:
    query = select(BackupAnomaly).where(
        BackupAnomaly.machine_id == machine.id, BackupAnomaly.state == AnomalyState.OPEN
    )
    return list(db.session.scalars(query))


def look_at_run(run: BackupRun) -> None:
    """Compare the machine's newest run with its earlier good ones."""
    if run.outcome == Outcome.FAILED:
        return
    query = select(BackupRun).where(
        BackupRun.machine_id == run.machine_id,
        BackupRun.ended_at < run.ended_at,
        BackupRun.outcome != Outcome.FAILED,
    )
    before = first_of(query.order_by(BackupRun.ended_at.desc(), BackupRun.id.desc()), RUNS)
    sizes = sorted(one.source_bytes for one in before)
    changes = sorted(one.files_new + one.files_changed for one in before[:-1])  # the first one copied all
    changed = run.files_new + run.files_changed
    if has_shrunk(run.source_bytes, sizes):
        _find(run, AnomalyKind.SHRUNK, run.source_bytes, sizes[len(sizes) // 2])
    if is_mass_change(changed, run.files_total, changes):
        _find(run, AnomalyKind.MASS_CHANGE, changed, changes[len(changes) // 2])


@vault_measured.connect
def look_at_vault(vault: Vault) -> None:
    """Is there a snapshot as new as the last good run of each machine that backs up there?"""
    if vault.newest_at is None and vault.snapshots:
        return  # a server that tells no times
    db.session.flush()
    for machine in machines_of(vault):
        if machine.ended_at is not None and len(machine.vaults) == 1:
            _look_for_snapshot(machine, vault)


def _look_for_snapshot(machine: Machine, vault: Vault) -> None:
    query = select(BackupRun).where(BackupRun.machine_id == machine.id)
    (run,) = first_of(query.order_by(BackupRun.ended_at.desc(), BackupRun.id.desc()), 1)
    if run.outcome == Outcome.FAILED or not run.snapshot_id:
        return
    began = run.created_at - (run.ended_at - run.started_at)
    assert vault.measured_at is not None
    is_later = vault.measured_at > run.created_at
    if is_later and has_left_nothing(began, vault.newest_at, vault.measured_at):
        _find(run, AnomalyKind.NO_SNAPSHOT, 0, 1)


def _find(run: BackupRun, kind: AnomalyKind, found: int, usual: int) -> None:
    """One open of a kind is enough for a machine: it is told once."""
    machine = run.machine
    known = _open(machine)
    if any(one.kind == kind for one in known):
        return
    row = BackupAnomaly(
        organisation=machine.customer.organisation,
        machine_id=machine.id,
        backup_run_id=run.id,
        kind=kind,
        found=found,
        usual=usual,
        state=AnomalyState.OPEN,
        note="",
    )
    db.session.add(row)
    db.session.flush()
    machine.anomalies = len(known) + 1
    record(row, "find", by=SYSTEM, kind=kind.value)
    _tell(row)
    anomaly_found.send(row)


def _tell(row: BackupAnomaly) -> None:
    """The customer's incident contact at once, and who looks after her machines."""
    machine = row.machine
    customer = machine.customer
    told: dict[str, Any] = {"urgent": True, "about": machine, "machine": machine, "customer": customer}
    told |= {"anomaly": row, "page": link(f"/backups/{machine.uid}")}
    contact = mail_contact(customer, ContactRole.INCIDENT)
    owner, language = customer.organisation, customer.language
    queue_mail(contact, "backups/mail_anomaly.txt", owner=owner, language=language, **told)
    with scope(EVERYTHING):  # a machine reports in its customer's, where the reseller's rows are out of reach
        for user in staff_of(customer):
            own, house = user.language or "fr", user.organisation
            queue_mail(user, "backups/mail_anomaly_staff.txt", owner=house, language=own, **told)
        db.session.flush()


def staff_of(customer: Any) -> list[User]:
    """Who looks after a customer's machines at her reseller."""
    with scope(EVERYTHING):
        house = User.organisation_id == customer.reseller_id
        query = select(User).where(User.role.in_(TOLD), User.works(), house).order_by(User.id)
        return list(db.session.scalars(query))


def anomalies_of(machine: Machine) -> Page[BackupAnomaly]:
    """The newest first."""
    query = select(BackupAnomaly).where(BackupAnomaly.machine_id == machine.id)
    return page_of(query, BackupAnomaly.id.desc(), name="anomalies")


def holds_erasure(vault: Vault) -> bool:
    """Has a machine of this vault changed in a way that nobody has looked at yet?

    Until then nothing of it is erased and no access to forget is opened: what was there before may be the
    only good copy.
    """
    query = (
        select(BackupAnomaly.id)
        .join(BackupAnomaly.machine)
        .join(Machine.activation)
        .join(Activation.key)
        .join(Subscription, Subscription.order_uid == ActivationKey.source_uid)
        .where(Subscription.uid == vault.subscription_uid, BackupAnomaly.state == AnomalyState.OPEN)
    )
    return bool(first_of(query, 1))
