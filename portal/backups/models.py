"""Machines, their runs and incidents, reviews of a contract, reports that a customer wants, daily volumes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, event, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor, owner_of
from portal.backups.health import Health, Outcome, Trouble, due_by, health, standing
from portal.crypto.secrets import new_token, token_hash
from portal.customers.models import Customer
from portal.db import PathType, Tenant, db
from portal.engine.models import Vault
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey
from portal.search.words import fold
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription

SCHEDULE_HOURS = 24


class Machine(Tenant, db.Model):
    """A machine that activated, watched from then on; it reports under a token of its own."""

    __tablename__ = "machine"
    __table_args__ = (
        Index("ix_machine_standing", "standing", "due_by", "id"),
        Index("ix_machine_name", "name_folded", "id"),
    )

    activation_id: Mapped[int] = mapped_column(ForeignKey("activation.id"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(String(140))
    name_folded: Mapped[str] = mapped_column(PathType)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    token_made_at: Mapped[datetime | None]
    schedule_hours: Mapped[int]
    is_watched: Mapped[bool]
    # Of the run that ended last, whatever the order in which reports come in.
    outcome: Mapped[Outcome | None]
    trouble: Mapped[Trouble]
    incidents: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    due_by: Mapped[datetime | None]
    source_bytes: Mapped[int | None] = mapped_column(BigInteger)
    anomalies: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # that nobody has looked at
    silent_told: Mapped[datetime | None]  # the instant it was due by when its silence was last told
    standing: Mapped[Health]  # of health.standing: kept when the row is written

    activation: Mapped[Activation] = relationship()
    customer: Mapped[Customer] = relationship()

    @property
    def label(self) -> str:
        return self.name

    @property
    def health(self) -> Health:
        now, odd = clock.now(), bool(self.anomalies)
        told = (self.outcome, self.trouble, self.incidents, self.due_by)
        return health(*told, now, watched=self.is_watched, anomalous=odd)

    @property
    def is_overdue(self) -> bool:
        """No report within two schedules, whatever the last one said."""
        since = self.due_by or due_by(self.created_at, self.schedule_hours)
        return self.is_watched and clock.now() > since

    @property
    def subscription(self) -> Subscription | None:
        query = select(Subscription).where(Subscription.order_uid == self.activation.key.source_uid)
        return db.session.scalars(query).one_or_none()

    @property
    def vaults(self) -> list[Vault]:
        """Where it backs up to: the vaults of its subscription."""
        subscription = self.subscription
        if subscription is None:
            return []
        query = select(Vault).where(Vault.subscription_uid == subscription.uid).order_by(Vault.id)
        return list(db.session.scalars(query))

    def new_token(self) -> str:
        """A bearer token, told once; the one before stops working."""
        token = new_token()
        self.token_hash, self.token_made_at = token_hash(token), clock.now()
        record(self, "new_token", by=_Self(self.name))
        return token

    def watch(self, *, schedule_hours: int, is_watched: bool, by: Actor) -> None:
        record(self, "watch" if is_watched else "unwatch", by=by, schedule_hours=schedule_hours)
        self.schedule_hours, self.is_watched = schedule_hours, is_watched
        if self.ended_at is not None:
            self.due_by = due_by(self.ended_at, schedule_hours)


@event.listens_for(Machine, "before_insert")
@event.listens_for(Machine, "before_update")
def _keep_standing(_mapper: Any, _connection: Any, machine: Machine) -> None:
    told = (machine.outcome, machine.trouble, machine.incidents, machine.due_by)
    odd = bool(machine.anomalies)
    machine.standing = standing(*told, watched=machine.is_watched, anomalous=odd)


class _Self:
    """The machine as the one who acts."""

    id = None

    def __init__(self, label: str) -> None:
        self.label = label


def new_machine(activation: Activation) -> Machine:
    """The row of a machine that just took its seat; not saved."""
    name = activation.hostname or activation.fingerprint[:12]
    return Machine(
        organisation=owner_of(activation),
        activation_id=activation.id,
        customer_id=activation.key.customer_id,
        name=name,
        name_folded=fold(name)[:200],
        schedule_hours=SCHEDULE_HOURS,
        is_watched=True,
        trouble=Trouble.NONE,
        incidents=0,
        anomalies=0,
        standing=Health.UNKNOWN,
    )


def machines_of(vault: Vault) -> list[Machine]:
    """Those that back up there: the machines of its subscription."""
    query = (
        select(Machine)
        .join(Machine.activation)
        .join(Activation.key)
        .join(Subscription, Subscription.order_uid == ActivationKey.source_uid)
        .where(Subscription.uid == vault.subscription_uid)
    )
    return list(db.session.scalars(query.order_by(Machine.id)))


class BackupRun(Tenant, db.Model):
    """One backup (sauvegarde) as the machine reported it; never changed."""

    __tablename__ = "backup_run"
    __table_args__ = (
        UniqueConstraint("machine_id", "run_id"),
        Index("ix_backup_run_ended", "machine_id", "ended_at"),
        Index("ix_backup_run_received", "machine_id", "created_at"),
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"))
    run_id: Mapped[str] = mapped_column(String(64))  # the client's own: told twice is told once
    digest: Mapped[str] = mapped_column(String(64))  # of all that was told
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[Outcome]
    trouble: Mapped[Trouble]
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    added_bytes: Mapped[int] = mapped_column(BigInteger)
    files_new: Mapped[int] = mapped_column(BigInteger)
    files_changed: Mapped[int] = mapped_column(BigInteger)
    files_total: Mapped[int] = mapped_column(BigInteger)
    incidents: Mapped[int]  # how many there were; the texts may be fewer
    snapshot_id: Mapped[str] = mapped_column(String(64))
    client_version: Mapped[str] = mapped_column(String(40))

    machine: Mapped[Machine] = relationship()
    incident_rows: Mapped[list["BackupIncident"]] = relationship(order_by="BackupIncident.id")

    @property
    def health(self) -> Health:
        """How the run went, whenever it was."""
        return health(self.outcome, self.trouble, self.incidents, self.ended_at, self.ended_at)


class BackupIncident(Tenant, db.Model):
    """Something that went wrong during a run, told to the customer once (000-44)."""

    __tablename__ = "backup_incident"

    backup_run_id: Mapped[int] = mapped_column(ForeignKey("backup_run.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))  # the client's words, or a sentence of ours
    mailed_at: Mapped[datetime | None]


class ReviewState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ChangeUnit(StrEnum):
    BYTES = "bytes"
    FILES = "files"


class BackupReview(Tenant, Stateful, db.Model):
    """A person must look at the contract: more changes than it was sized for (002-05, 004-07)."""

    __tablename__ = "backup_review"

    steps = {"close": step(ReviewState.OPEN, to=ReviewState.CLOSED)}

    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"), index=True)
    backup_run_id: Mapped[int] = mapped_column(ForeignKey("backup_run.id"), unique=True)
    unit: Mapped[ChangeUnit]
    changed: Mapped[int] = mapped_column(BigInteger)
    base: Mapped[int] = mapped_column(BigInteger)
    days: Mapped[int | None]  # over which a daily limit is counted; None for one since the last backup
    limit_bp: Mapped[int]
    clause: Mapped[str] = mapped_column(String(40))
    state: Mapped[ReviewState] = mapped_column(default=ReviewState.OPEN)
    note: Mapped[str] = mapped_column(Text, default="")
    closed_by: Mapped[str | None] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    machine: Mapped[Machine] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def rate_bp(self) -> int:
        """What changed, in basis points of the base, a day where the limit is daily."""
        return self.changed * 10_000 // (self.base * (self.days or 1))

    def close(self, note: str, *, by: Actor) -> None:
        self._take("close", by=by, reason=note)
        self.note, self.closed_by, self.closed_at = note, by.label, clock.now()


class ReportChoice(Tenant, db.Model):
    """Does the customer want a report after each backup? No row: no (000-45)."""

    __tablename__ = "report_choice"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)
    is_wanted: Mapped[bool]


def find_choice(customer: Customer) -> ReportChoice | None:
    query = select(ReportChoice).where(ReportChoice.customer_id == customer.id)
    return db.session.scalars(query).one_or_none()


def wants_reports(customer: Customer) -> bool:
    choice = find_choice(customer)
    return choice is not None and choice.is_wanted


class UsageSample(Tenant, db.Model):
    """What a vault stores on a day: its last measure of that day."""

    __tablename__ = "usage_sample"
    __table_args__ = (UniqueConstraint("vault_id", "sampled_on"),)

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"))
    sampled_on: Mapped[date]
    bytes_stored: Mapped[int] = mapped_column(BigInteger)
