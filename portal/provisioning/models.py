"""Stores, the home of each vault in one of them, and the hours in which its customer may remove backups."""

import secrets
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from flask import current_app
from sqlalchemy import ForeignKey, String, Text, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.catalogue.hosting import territory_name
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.engine.errors import SENTENCES, EngineFault
from portal.engine.models import Vault
from portal.journal import record
from portal.provisioning.htpasswd import bcrypt
from portal.provisioning.rules import GB, may_write
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.subscriptions.stopping import service_stopped_on

MOST_HOURS = 72  # of one maintenance
SECRET_BYTES = 24  # 192 random bits
MACHINES, MAINTENANCE = "htpasswd", "maintenance.htpasswd"


class StoreKind(StrEnum):
    LOCAL = "store_local"  # a folder that machines of the same network mount
    REST = "store_rest"  # restic's REST protocol: private repositories, append-only
    S3 = "store_s3"


class VaultStore(Tenant, db.Model):
    """Where vaults are made (magasin): described once by the provider."""

    __tablename__ = "vault_store"
    seen_from_below: ClassVar[bool] = True

    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[StoreKind]
    door: Mapped[str] = mapped_column(String(300))  # address for machines; a folder for a local one
    # Where the portal itself reads and erases: a folder below VAULTS_DIR, or a server of VAULT_HOSTS.
    inner: Mapped[str] = mapped_column(String(300))
    maintenance_door: Mapped[str] = mapped_column(String(300), default="", server_default="")
    operator: Mapped[str] = mapped_column(String(140))  # who runs it
    place: Mapped[str] = mapped_column(String(140))  # town or region
    state: Mapped[str] = mapped_column(String(2))  # ISO 3166, whose courts and authorities are competent
    # Of a bucket: its host's IAM interface, where the portal makes a user a vault; "": keys are typed.
    users_door: Mapped[str] = mapped_column(String(300), default="", server_default="")
    immutable_days: Mapped[int | None]  # for how long it refuses to delete, where it does
    lock_read_at: Mapped[datetime | None]  # when the bucket itself said so
    lock_fault: Mapped[EngineFault | None]  # why it did not, the last time
    for_health_data: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_open: Mapped[bool]  # takes new vaults

    @property
    def label(self) -> str:
        return self.name

    @property
    def state_name(self) -> str:
        return territory_name(self.state)

    @property
    def makes_users(self) -> bool:
        """Does the portal give, renew and close the keys of its vaults by itself?"""
        return self.kind == StoreKind.S3 and bool(self.users_door)

    @property
    def has_maintenance(self) -> bool:
        """Can a customer be let in to remove backups: by another server, or as another user of her bucket?"""
        return bool(self.maintenance_door) or self.makes_users

    @property
    def lock_problem(self) -> str:
        return SENTENCES[self.lock_fault] if self.lock_fault else ""

    @property
    def shares_bucket(self) -> bool:
        """Do its vaults lie below prefixes of one bucket? Otherwise each has a bucket of its own."""
        return self.kind == StoreKind.S3 and bool(urlsplit(self.door).path.strip("/"))

    def bucket_of(self, user: str) -> tuple[str, str]:
        """The bucket of this user, and the prefix in it, "" for the whole of it."""
        path = urlsplit(self.place_of(user).removeprefix("s3:")).path
        bucket, _sep, prefix = path.strip("/").partition("/")
        return bucket, prefix

    @property
    def folder(self) -> Path:
        """Of the files that its server reads; they are the portal's own, nobody types their path."""
        return Path(current_app.config["STORES_DIR"]) / self.uid

    def place_of(self, user: str) -> str:
        """Where the portal finds the repository of this user, as a location of the engine."""
        end = "/" if self.inner.startswith("rest:") else ""
        return f"{self.inner.rstrip('/')}/{user}{end}"

    def address_of(self, user: str, secret: str | None = None, *, maintenance: bool = False) -> str:
        """What a machine calls the repository; with the credentials where a secret is given."""
        if self.kind == StoreKind.S3:
            return f"s3:{self.door.rstrip('/')}/{user}"
        door = self.maintenance_door if maintenance else self.door
        if self.kind == StoreKind.LOCAL:
            return f"{door.rstrip('/')}/{user}"
        scheme, _sep, host = door.partition("://")
        own = f"{quote(user, '')}:{quote(secret, '')}@" if secret else ""
        return f"rest:{scheme}://{own}{host.rstrip('/')}/{user}/"


class HomeState(StrEnum):
    WAITING = "home_waiting"  # for a store that suits its contract, or for the keys of a bucket
    MAKING = "home_making"
    OPEN = "home_open"
    PAUSED = "home_paused"  # nothing is added: suspended, or on the way elsewhere; data stay
    CLOSED = "home_closed"  # the contract has ended


H = HomeState


class VaultHome(Tenant, Stateful, db.Model):
    """Of one subscription with storage: its vault's place, credentials and quota."""

    __tablename__ = "vault_home"

    steps = {
        "choose": step(H.WAITING, to=H.MAKING),
        "send_back": step(H.MAKING, to=H.WAITING),  # the store holds longer than it was said to
        "open": step(H.MAKING, to=H.OPEN),
        "pause": step(H.OPEN, to=H.PAUSED),
        "pause_to_move": step(H.OPEN, to=H.PAUSED),
        "resume": step(H.PAUSED, H.CLOSED, to=H.OPEN),
        "close": step(H.OPEN, H.PAUSED, to=H.CLOSED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), unique=True)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("vault_store.id"), index=True)
    vault_id: Mapped[int | None] = mapped_column(ForeignKey("vault.id"), unique=True)
    state: Mapped[HomeState]
    user: Mapped[str] = mapped_column(String(40), unique=True)  # of the server, and the name of its folder
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    secret = Sealed()
    secret_hash: Mapped[str] = mapped_column(String(80), default="", server_default="")  # bcrypt
    secret_made_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    shown_to: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # Of a bucket: the user's own key id, which no other vault may have.
    access_key_sealed: Mapped[str | None] = mapped_column(Text)
    access_key_index: Mapped[str | None] = mapped_column(String(32), unique=True)
    access_key = Sealed(indexed=True)
    is_moving: Mapped[bool] = mapped_column(default=False, server_default=false())  # to another store
    lock_days: Mapped[int | None]  # of a bucket of its own, as that bucket said
    lock_read_at: Mapped[datetime | None]
    quota_gb: Mapped[int | None]  # GB of 10^9 bytes; None: not limited
    warned_percent: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription] = relationship()
    store: Mapped[VaultStore | None] = relationship()
    vault: Mapped[Vault | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def is_bucket(self) -> bool:
        return self.store is not None and self.store.kind == StoreKind.S3

    @property
    def immutable_days(self) -> int | None:
        """For how long its place refuses to delete: what its own bucket said, else what its store does."""
        if self.lock_read_at is not None:
            return self.lock_days
        return self.store.immutable_days if self.store else None

    @property
    def quota_bytes(self) -> int | None:
        return None if self.quota_gb is None else self.quota_gb * GB

    @property
    def takes_backups(self) -> bool:
        """By its contract, today (:func:`portal.provisioning.rules.may_write`), and not on its way."""
        row = self.subscription
        if self.is_moving:
            return False
        stopped = service_stopped_on(row) is not None
        return may_write(is_suspended=stopped, ends_on=row.ends_on, today=clock.today())

    @property
    def address(self) -> str:
        """Without credentials."""
        return self.store.address_of(self.user) if self.store else ""

    def new_secret(self, what: str, *, by: Actor) -> None:
        """Random credentials, shown to nobody yet; those before stop with the next file of the store."""
        fresh = secrets.token_urlsafe(SECRET_BYTES)
        self.secret, self.secret_hash = fresh, bcrypt(fresh)
        self.secret_made_at, self.shown_at, self.shown_to = clock.now(), None, ""
        record(self.vault or self.subscription, what, by=by)

    @property
    def awaits_keys(self) -> bool:
        return self.is_bucket and self.secret_sealed is None

    def take_keys(self, access_key: str, secret: str, *, by: Actor) -> None:
        """The keys of a bucket's user, made by hand there. Shared ones are refused by who calls."""
        self.hold_keys(access_key, secret)
        record(self.vault or self.subscription, "new_access", by=by)

    def hold_keys(self, access_key: str, secret: str) -> None:
        """Shown to nobody yet."""
        self.access_key, self.secret = access_key, secret
        self.secret_made_at, self.shown_at, self.shown_to = clock.now(), None, ""

    def drop_keys(self) -> None:
        """None are known any more; the worker makes others where the store's host lets it."""
        self.access_key = self.secret = None
        self.access_key_index, self.secret_hash = None, ""
        self.shown_at, self.shown_to = None, ""

    def take(self, name: str, *, by: Actor) -> None:
        self._take(name, by=by)


class MaintenanceState(StrEnum):
    OPEN = "maintenance_open"
    CLOSED = "maintenance_closed"


class Maintenance(Tenant, Stateful, db.Model):
    """Some hours in which the customer may forget and prune, through a door of its own."""

    __tablename__ = "vault_maintenance"

    steps = {"close": step(MaintenanceState.OPEN, to=MaintenanceState.CLOSED)}

    home_id: Mapped[int] = mapped_column(ForeignKey("vault_home.id"), index=True)
    state: Mapped[MaintenanceState]
    reason: Mapped[str] = mapped_column(String(300))
    until: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    secret = Sealed()
    secret_hash: Mapped[str] = mapped_column(String(80), default="")  # bcrypt; of a server only
    access_key_sealed: Mapped[str | None] = mapped_column(Text)  # of a bucket
    access_key = Sealed()
    shown_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    home: Mapped[VaultHome] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def is_open(self) -> bool:
        return self.state == MaintenanceState.OPEN and self.until > clock.now()

    @property
    def awaits_showing(self) -> bool:
        """Its keys are there, and nobody has seen them."""
        return self.is_open and self.secret_sealed is not None and self.shown_at is None

    @property
    def user(self) -> str:
        """Of the bucket; its vault's machines have another."""
        return f"{self.home.user}m"

    def give_secret(self) -> None:
        """Shown by whoever opens it, at once."""
        fresh = secrets.token_urlsafe(SECRET_BYTES)
        self.secret, self.secret_hash, self.shown_at = fresh, bcrypt(fresh), clock.now()

    def close(self, *, by: Actor) -> None:
        """Its secret is worth nothing any more, and is kept no longer."""
        self._take("close", by=by)
        self.closed_at, self.secret_sealed, self.access_key_sealed = clock.now(), None, None


def home_of(vault: Vault) -> VaultHome | None:
    query = select(VaultHome).where(VaultHome.vault_id == vault.id)
    return db.session.scalars(query).one_or_none()


def maintenances_of(home: VaultHome) -> list[Maintenance]:
    """The newest first."""
    query = select(Maintenance).where(Maintenance.home_id == home.id).order_by(Maintenance.id.desc())
    return list(db.session.scalars(query))
