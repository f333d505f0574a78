"""A vault on its way to another store: its state, until nothing of it is left at the place before."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.backups.anomalies import holds_erasure
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.engine.errors import SENTENCES, EngineFault
from portal.engine.models import Vault
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.provisioning.models import VaultHome, VaultStore
from portal.stateful import Stateful, step


class MoveState(StrEnum):
    COPYING = "move_copying"  # nothing is added meanwhile
    STOPPED = "move_stopped"  # for a reason that time does not cure; backups go on at the old place
    UNDOING = "move_undoing"  # given up before the switch: what was copied goes
    CANCELLED = "move_cancelled"
    KEPT = "move_kept"  # the vault is at its new place; the old one stays until a person orders its end
    ORDERED = "move_ordered"  # its end is ordered, and may still be taken back
    CLEARING = "move_clearing"
    CLEARED = "move_cleared"


M = MoveState
UNDER_WAY = (M.COPYING, M.STOPPED, M.UNDOING)
LEFT_BEHIND = (M.KEPT, M.ORDERED, M.CLEARING)  # something of the vault lies at two places


class VaultMove(Tenant, Stateful, db.Model):
    """One way of a vault from a store to another."""

    __tablename__ = "vault_move"

    steps = {
        "stop": step(M.COPYING, to=M.STOPPED),
        "go_on": step(M.STOPPED, to=M.COPYING),
        "cancel": step(M.COPYING, M.STOPPED, to=M.UNDOING),
        "undo": step(M.UNDOING, to=M.CANCELLED),
        "switch": step(M.COPYING, to=M.KEPT),
        "order_first": step(M.KEPT, to=M.KEPT),
        "order": step(M.KEPT, to=M.ORDERED),
        "recall": step(M.ORDERED, to=M.KEPT),
        "begin_clearing": step(M.ORDERED, to=M.CLEARING),
        "fail_clearing": step(M.CLEARING, to=M.KEPT),
        "clear": step(M.CLEARING, to=M.CLEARED),
    }

    home_id: Mapped[int] = mapped_column(ForeignKey("vault_home.id"), index=True)
    from_store_id: Mapped[int] = mapped_column(ForeignKey("vault_store.id"))
    to_store_id: Mapped[int] = mapped_column(ForeignKey("vault_store.id"))
    old_location_sealed: Mapped[str] = mapped_column(Text)
    old_location = Sealed()
    new_location_sealed: Mapped[str] = mapped_column(Text)
    new_location = Sealed()
    state: Mapped[MoveState]
    run: Mapped[int]  # of its task: each new beginning has one of its own
    reason: Mapped[str] = mapped_column(String(300))
    began_at: Mapped[datetime]
    fault: Mapped[EngineFault | None]  # why it stopped, or why the old place could not be cleared
    objects: Mapped[int | None]  # compared one by one before the switch
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    snapshots_sha256: Mapped[str] = mapped_column(String(64))  # names of the backups at the switch
    switched_at: Mapped[datetime | None]
    first_ordered_by_id: Mapped[int | None]
    ordered_by: Mapped[str] = mapped_column(String(200))
    clear_from: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    cleared_objects: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    home: Mapped[VaultHome] = relationship()
    from_store: Mapped[VaultStore] = relationship(foreign_keys=[from_store_id])
    to_store: Mapped[VaultStore] = relationship(foreign_keys=[to_store_id])

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return f"{self.from_store.name} → {self.to_store.name}"

    @property
    def vault(self) -> Vault:
        assert self.home.vault is not None
        return self.home.vault

    @property
    def problem(self) -> str:
        return SENTENCES[self.fault] if self.fault else ""

    @property
    def task_kind(self) -> str:
        if self.state == M.CLEARING:
            return "vaults.clear_old"
        return "vaults.undo_move" if self.state == M.UNDOING else "vaults.move"

    @property
    def task_ref(self) -> str:
        return f"{self.uid}:{self.run}"

    @property
    def task(self) -> jobs.Task | None:
        return jobs.find_task(self.task_kind, self.task_ref)

    def start(self) -> None:
        """The worker does what the present state asks, from the beginning of a task of its own."""
        self.run += 1
        jobs.enqueue(self.task_kind, self.task_ref, self.home.customer.organisation)

    def take(self, name: str, *, by: Actor, **details: Any) -> None:
        self._take(name, by=by, **details)

    @property
    def needs_two(self) -> bool:
        """As for the erasure of a vault: is it too large for one person, or of unknown size?"""
        return self.bytes is None or self.bytes > int(current_app.config["ERASE_ALONE_BYTES"])

    def order_end(self, *, by: Actor) -> None:
        """A person orders the end of the old place, for a large vault a second one; it waits some hours.

        Raises Refused while somebody reads from it, while an odd backup was not looked at, and for the second
        order of the same person.
        """
        if self.can("order"):
            refuse_clearing(self.vault)
        if self.can("order") and self.needs_two and self.first_ordered_by_id is None:
            self._take("order_first", by=by)
            self.first_ordered_by_id, self.ordered_by = by.id, by.label[:200]
            return
        if self.can("order") and self.needs_two and is_same_person(by, self.first_ordered_by_id):
            raise Refused(_("Vous avez demandé cet effacement : une deuxième personne doit l'ordonner."))
        self.clear_from = clock.now() + timedelta(hours=int(current_app.config["ERASE_COOLING_HOURS"]))
        self._take("order", by=by, clear_from=self.clear_from.isoformat())
        self.ordered_by, self.fault = by.label[:200], None

    def recall(self, *, by: Actor) -> None:
        self._take("recall", by=by)
        self.clear_from = self.first_ordered_by_id = None
        self.ordered_by = ""

    def begin_clearing(self) -> None:
        self._take("begin_clearing", by=SYSTEM)
        self.start()

    def fail_clearing(self, fault: EngineFault) -> None:
        """It has to be ordered again, by everybody."""
        self._take("fail_clearing", by=SYSTEM, fault=fault.value)
        self.clear_from = self.first_ordered_by_id = None
        self.ordered_by, self.fault = "", fault


def refuse_clearing(vault: Vault) -> None:
    """Raises Refused while what lies at an old place may still be wanted."""
    if vault.open_until is not None:
        raise Refused(_("Ce coffre est ouvert en ce moment : attendez qu'il soit refermé."))
    if holds_erasure(vault):
        raise Refused(_("Une sauvegarde anormale n'a pas encore été regardée : regardez-la d'abord."))


def moves_of(home: VaultHome) -> list[VaultMove]:
    """The newest first."""
    query = select(VaultMove).where(VaultMove.home_id == home.id).order_by(VaultMove.id.desc())
    return list(db.session.scalars(query))


def move_in_the_way(vault: Vault) -> VaultMove | None:
    """The move that is not over: the vault, or something of it, lies at two places."""
    open_ones = (*UNDER_WAY, *LEFT_BEHIND)
    query = select(VaultMove).join(VaultMove.home).where(VaultHome.vault_id == vault.id)
    return db.session.scalars(query.where(VaultMove.state.in_(open_ones)).order_by(VaultMove.id)).first()
