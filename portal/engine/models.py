"""Vaults (coffres), and the consents under which a customer's passphrase was lent."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from blinker import Namespace
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.crypto.secrets import Sealed, keyring
from portal.customers.models import Contact, ContactRole, Customer
from portal.db import Tenant, db
from portal.engine.errors import SENTENCES, EngineFault
from portal.engine.place import resolved
from portal.engine.port import RepoRef, Usage
from portal.links import Purpose, make_link, revoke_links
from portal.mail import Addressee, queue_mail
from portal.mail import link as address
from portal.stateful import Stateful, step

_signals = Namespace()
# Sent with the opening, in the transaction that confirms it: the passphrase is in the agent's memory.
vault_opened = _signals.signal("vault-opened")
vault_measured = _signals.signal("vault-measured")  # in the transaction that keeps the measure

TRIES = 5
LINK_DAYS = 7
PROOF_DAYS = 365  # how long an opening proves that the passphrase is not lost


class VaultState(StrEnum):
    ACTIVE = "active"
    ERASED = "erased"  # the objects are destroyed; the row stays for the certificate


class Custody(StrEnum):
    """Who can open the vault."""

    CUSTOMER = "customer"  # the passphrase is known to the customer alone
    RECOVERY_SHEET = "recovery_sheet"  # idem, with a sheet printed at enrolment
    RESELLER = "reseller"
    ESCROW = "escrow"  # two people of three, together
    UNKNOWN = "unknown"


class ProofState(StrEnum):
    """Computed: has somebody shown within a year that the passphrase is not lost?"""

    GIVEN = "proof_given"
    OLD = "proof_old"
    MISSING = "proof_missing"


def index_of_place(location: str) -> str:
    """What is kept of a place beside its sealed address. Raises EngineError(UNSUPPORTED)."""
    return keyring().blind_index(resolved(location), "vault.place")


def index_of_identity(fingerprint: str) -> str:
    return keyring().blind_index(fingerprint, "vault.identity")


class _Location(Sealed):
    """The address, sealed; in ``place_index`` what it comes down to."""

    def __init__(self) -> None:
        super().__init__(indexed=True)

    def index_name(self, name: str) -> str:
        return "place_index"

    def digest(self, value: str) -> str:
        return index_of_place(value)


class _Identity(Sealed):
    """The digest of restic's config object, sealed so that its index can be computed anew."""

    def __init__(self) -> None:
        super().__init__(indexed=True)

    def digest(self, value: str) -> str:
        return index_of_identity(value)


def _one_active(column: str) -> Index:
    """At most one active vault has the value; erased ones keep theirs."""
    active = text("state = 'active'")
    return Index(f"uq_vault_{column}", column, unique=True, postgresql_where=active, sqlite_where=active)


class Vault(Tenant, Stateful, db.Model):
    """A customer's repository (coffre). The portal reads its size, never its content."""

    __tablename__ = "vault"
    __table_args__ = (_one_active("place_index"), _one_active("identity_index"))

    steps = {"erase": step(VaultState.ACTIVE, to=VaultState.ERASED)}

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_uid: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(String(80))
    location_sealed: Mapped[str] = mapped_column(Text)
    location = _Location()  # a REST address may carry the provider's credentials
    # NULL for a vault from before, until it is measured: both digests need the keys.
    place_index: Mapped[str | None] = mapped_column(String(32))
    identity_index: Mapped[str | None] = mapped_column(String(32))
    identity_sealed: Mapped[str | None] = mapped_column(Text)
    identity = _Identity()  # the digest of restic's config object
    custody: Mapped[Custody] = mapped_column(default=Custody.CUSTOMER)
    state: Mapped[VaultState] = mapped_column(default=VaultState.ACTIVE)
    repository_id: Mapped[str] = mapped_column(String(64), default="")  # known once it was opened
    bytes_stored: Mapped[int | None] = mapped_column(BigInteger)
    snapshots: Mapped[int | None]
    newest_at: Mapped[datetime | None]  # last backup, by the server's clock
    measured_at: Mapped[datetime | None]
    measure_fault: Mapped[EngineFault | None]
    proved_at: Mapped[datetime | None]  # last time that a passphrase opened it here
    awaits_first: Mapped[bool] = mapped_column(default=False, server_default=false())  # nothing is there yet
    locks: Mapped[int | None]  # held when it was measured
    locked_since: Mapped[
        datetime | None
    ]  # its oldest, by the server's clock, or the measure that first saw one
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def repo(self) -> RepoRef:
        return RepoRef(str(self.location))

    @property
    def open_until(self) -> datetime | None:
        """How long the passphrase may still be in memory, or None when the vault is closed."""
        query = select(db.func.max(VaultOpening.until)).where(
            VaultOpening.vault_id == self.id,
            VaultOpening.state == OpeningState.OPEN,
            VaultOpening.until > clock.now(),
        )
        return db.session.scalar(query)

    @property
    def proof_state(self) -> ProofState:
        if self.proved_at is None:
            return ProofState.MISSING
        is_old = clock.now() - self.proved_at >= timedelta(days=PROOF_DAYS)
        return ProofState.OLD if is_old else ProofState.GIVEN

    @property
    def measure_problem(self) -> str:
        return SENTENCES[self.measure_fault] if self.measure_fault else ""

    def measured(self, usage: Usage) -> None:
        self.bytes_stored, self.snapshots = usage.bytes_stored, usage.snapshots
        self.newest_at, self.measured_at = usage.newest_snapshot_at, clock.now()
        self.measure_fault, self.awaits_first = None, False
        self._note_locks(usage)
        vault_measured.send(self)

    def _note_locks(self, usage: Usage) -> None:
        since = usage.oldest_lock_at or self.locked_since or clock.now()
        self.locks, self.locked_since = usage.locks, since if usage.locks else None

    def not_measured(self, fault: EngineFault) -> None:
        """A vault that was just made has no repository before its customer's first command: no fault."""
        if self.awaits_first and fault == EngineFault.REPO_MISSING:
            return
        self.measured_at, self.measure_fault = clock.now(), fault

    def identify(self, fingerprint: str) -> None:
        """Note which repository was found at this place: see :mod:`portal.engine.sole`."""
        self.place_index = index_of_place(str(self.location))
        self.identity = fingerprint

    def erase(self, *, by: Actor) -> None:
        self._take("erase", by=by)


def register_vault(
    customer: Customer,
    *,
    name: str,
    location: str,
    subscription_uid: str = "",
    custody: Custody = Custody.CUSTOMER,
) -> Vault:
    """A new vault of a customer; ``location`` as :class:`portal.engine.port.RepoRef` takes it."""
    RepoRef(location)
    vault = Vault(
        organisation=customer.organisation,
        customer=customer,
        name=name,
        custody=custody,
        subscription_uid=subscription_uid,
        state=VaultState.ACTIVE,
        repository_id="",
    )
    vault.location = location
    db.session.add(vault)
    return vault


def vaults_of(customer: Customer) -> list[Vault]:
    query = select(Vault).where(Vault.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(Vault.id)))


class OpeningPurpose(StrEnum):
    RESTORE = "restore"
    REVERSIBILITY = "reversibility"
    PROOF = "proof"  # tried once, then forgotten
    DRILL = "drill"  # one drawn file is restored, compared and thrown away


# How long the agent keeps the passphrase, in hours: an export must survive a night and a restart.
HOURS = {
    OpeningPurpose.RESTORE: 4,
    OpeningPurpose.REVERSIBILITY: 72,
    OpeningPurpose.PROOF: 1,
    OpeningPurpose.DRILL: 4,
}


class OpeningState(StrEnum):
    ASKED = "asked"  # the customer has the link
    CHECKING = "checking"  # typed; the worker tries it
    OPEN = "open"
    BLOCKED = "blocked"  # too many wrong tries: a new link is needed
    CLOSED = "closed"


O = OpeningState  # noqa: E741


class Person(NamedTuple):
    """Somebody without an account who acts through a link."""

    label: str
    id: None = None


class VaultOpening(Tenant, Stateful, db.Model):
    """One request for the passphrase, and the consent under which it was typed."""

    __tablename__ = "vault_opening"

    steps = {
        "consent": step(O.ASKED, to=O.CHECKING),
        "confirm": step(O.CHECKING, to=O.OPEN),
        "refuse": step(O.CHECKING, to=O.ASKED),
        "block": step(O.CHECKING, to=O.BLOCKED),
        "close": step(O.ASKED, O.CHECKING, O.OPEN, to=O.CLOSED),
    }

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    purpose: Mapped[OpeningPurpose]
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[OpeningState] = mapped_column(default=O.ASKED)
    recipient: Mapped[str] = mapped_column(String(254))
    consented_by: Mapped[str | None] = mapped_column(String(254))
    consented_at: Mapped[datetime | None]
    consent_address: Mapped[str | None] = mapped_column(String(45))
    until: Mapped[datetime | None]  # the agent forgets the passphrase then
    tries: Mapped[int] = mapped_column(default=0)
    spared: Mapped[int] = mapped_column(default=0)  # of those, how many the storage spoilt: they do not count
    fault: Mapped[EngineFault | None]  # why the last try failed
    version: Mapped[int] = mapped_column()

    vault: Mapped[Vault] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def hours(self) -> int:
        return HOURS[self.purpose]

    @property
    def tries_left(self) -> int:
        return TRIES - (self.tries - self.spared)

    @property
    def is_spared(self) -> bool:
        """The last try said nothing about the passphrase: the storage failed, or its program."""
        return self.fault is not None and self.fault != EngineFault.WRONG_KEY

    @property
    def problem(self) -> str:
        return SENTENCES[self.fault] if self.fault else ""

    @property
    def is_open(self) -> bool:
        return self.state == O.OPEN and self.until is not None and self.until > clock.now()

    def consent(self, *, by: Actor, address: str) -> None:
        """The customer has ticked and typed; the passphrase itself is not an argument."""
        self._take("consent", by=by, address=address, hours=self.hours)
        self.tries += 1
        self.fault = None
        self.consented_by, self.consent_address = by.label, address[:45]
        self.consented_at = clock.now()
        self.until = clock.now() + timedelta(hours=self.hours)

    def confirm(self, repository_id: str, *, by: Actor) -> None:
        self._take("confirm", by=by)
        self.vault.repository_id, self.vault.proved_at = repository_id, clock.now()
        vault_opened.send(self)
        if self.purpose == OpeningPurpose.PROOF:  # the link stays, to show that it is done
            self._take("close", by=by)
            self._forget()

    def refuse(self, fault: EngineFault, *, by: Actor) -> None:
        """Wrong passphrase: may be typed again until the tries are used up. Any other fault costs no try."""
        self.fault, self.until = fault, None
        self.spared += self.is_spared
        self._take("refuse" if self.tries_left > 0 else "block", by=by, fault=fault.value)

    def close(self, *, by: Actor) -> None:
        """The passphrase is no longer needed: forget it once this is committed.

        The link of who has typed it goes on saying what became of it; one that is not needed any more
        ends.
        """
        was_typed = self.state == O.OPEN
        if self.can("close"):
            self._take("close", by=by)
        if not was_typed:
            revoke_links(Purpose.OPEN_VAULT, self)
        self._forget()

    def _forget(self) -> None:
        jobs.enqueue("vault.forget", self.uid, self.vault.customer.organisation)


def ask_for_key(
    vault: Vault, *, purpose: OpeningPurpose, subject: Any, role: ContactRole, by: Actor, recipient: str = ""
) -> VaultOpening:
    """Mail the customer a link to type the passphrase; earlier requests for this subject end.

    recipient: who holds it, where that is known; otherwise the customer's contact of that role.
    """
    for earlier in openings_of(subject):
        if earlier.can("close"):
            earlier.close(by=by)
    person = Addressee(recipient) if recipient else mail_contact(vault.customer, role)
    opening = VaultOpening(
        organisation=vault.customer.organisation,
        vault=vault,
        purpose=purpose,
        recipient=person.email,
        subject_uid=subject.uid,
        state=O.ASKED,
        tries=0,
        spared=0,
    )
    db.session.add(opening)
    _row, token = make_link(
        Purpose.OPEN_VAULT, opening, owner=vault.customer.organisation, recipient=person.email, days=LINK_DAYS
    )
    queue_mail(
        person,
        "mails/unlock.txt",
        about=subject,
        owner=vault.customer.organisation,
        language=vault.customer.language,
        urgent=True,
        vault=vault,
        opening=opening,
        days=LINK_DAYS,
        address=address(f"/unlock/{token}"),
    )
    return opening


def openings_of(subject: Any) -> list[VaultOpening]:
    """Newest first."""
    query = select(VaultOpening).where(VaultOpening.subject_uid == subject.uid)
    return list(db.session.scalars(query.order_by(VaultOpening.id.desc())))


def find_opening(uid: str) -> VaultOpening | None:
    return db.session.scalars(select(VaultOpening).where(VaultOpening.uid == uid)).one_or_none()


def mail_contact(customer: Customer, role: ContactRole) -> Contact:
    """The contact of this role, or the billing one, which every customer can be reached by."""
    contact = customer.contact(role)
    return contact if contact.email else customer.contact(ContactRole.BILLING)
