"""The register of sub-processors, and planned changes of it with who was told and who objected."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.customers.models import Customer
from portal.customers.rules import check_subprocessor_change
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.stateful import Stateful, step
from portal.terms.shipped import CONTRACTS
from portal.wording import N_


class ChangeState(StrEnum):
    PLANNED = "sub_change_planned"
    TOLD = "sub_change_told"
    EFFECTIVE = "sub_change_effective"
    DROPPED = "sub_change_dropped"


class ObjectionState(StrEnum):
    OPEN = "objection_open"
    REJECTED = "objection_rejected"  # the change counts for her too
    GRANTED = "objection_granted"  # it does not count for her data


C, O = ChangeState, ObjectionState  # noqa: E741


class Listed:
    """Who processes data for the provider, where, what for, and under which contracts."""

    name: Mapped[str] = mapped_column(String(140))
    country: Mapped[str] = mapped_column(String(2))  # ISO 3166-1
    purpose: Mapped[str] = mapped_column(String(300))
    covers: Mapped[list[str]] = mapped_column(JSON)  # names of contracts in terms.shipped.CONTRACTS

    @property
    def contracts(self) -> list[str]:
        """The contracts by the names that customers know."""
        return [CONTRACTS[name][0] for name in self.covers if name in CONTRACTS]


class SubProcessor(Tenant, Listed, db.Model):
    """One that takes part, or did. Customers read the list, so that everybody below the provider sees it."""

    __tablename__ = "sub_processor"
    seen_from_below: ClassVar[bool] = True

    since_on: Mapped[date]
    until_on: Mapped[date | None]  # first day without it
    told_how: Mapped[str] = mapped_column(String(300), default="")  # of one older than the register

    def takes_part(self, on: date) -> bool:
        return self.since_on <= on and (self.until_on is None or on < self.until_on)

    def end(self, on: date, *, by: Actor) -> None:
        """It takes part no more. Nobody is told first: nobody new processes data.

        Raises Refused a second time, and for a day before its first one.
        """
        if self.until_on is not None:
            raise Refused(N_("La fin de ce sous-traitant est déjà notée."))
        if on < self.since_on:
            raise Refused(N_("Ce jour précède le premier."), field="until_on")
        self.until_on = on
        record(self, "end", by=by, on=on.isoformat())


class SubProcessorChange(Tenant, Stateful, Listed, db.Model):
    """A planned addition, or a replacement of one that takes part."""

    __tablename__ = "sub_processor_change"
    seen_from_below: ClassVar[bool] = True

    steps = {
        "announce": step(C.PLANNED, to=C.TOLD),
        "take_effect": step(C.TOLD, to=C.EFFECTIVE),
        "drop": step(C.PLANNED, C.TOLD, to=C.DROPPED),
    }

    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sub_processor.id"))
    effective_on: Mapped[date]
    object_until: Mapped[date]  # last day to object
    announced_on: Mapped[date | None]
    listed: Mapped[list[dict[str, str]]] = mapped_column(JSON)  # the list as it was communicated
    state: Mapped[ChangeState] = mapped_column(default=C.PLANNED, index=True)
    why: Mapped[str] = mapped_column(String(300), default="")  # it was dropped
    version: Mapped[int] = mapped_column()

    replaces: Mapped[SubProcessor | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def may_be_objected(self) -> bool:
        return self.state == C.TOLD and clock.today() <= self.object_until

    def drop(self, why: str, *, by: Actor) -> None:
        """It does not take place. Raises Refused without a reason."""
        if not why.strip():
            raise Refused(N_("Dites pourquoi ce changement n'a pas lieu."), field="why")
        self._take("drop", by=by, reason=why.strip())
        self.why = why.strip()


class SubProcessorNotice(Tenant, db.Model):
    """One customer was told of a change; her mail says when it left."""

    __tablename__ = "sub_processor_notice"
    __table_args__ = (UniqueConstraint("change_id", "customer_id"),)

    change_id: Mapped[int] = mapped_column(ForeignKey("sub_processor_change.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    grounds: Mapped[str] = mapped_column(String(80))  # clauses of her contracts, or the law
    mail_uid: Mapped[str] = mapped_column(String(16), index=True)

    customer: Mapped[Customer] = relationship()


class Objection(Tenant, Stateful, db.Model):
    """What a customer has against a change, and what became of it."""

    __tablename__ = "sub_processor_objection"
    __table_args__ = (UniqueConstraint("change_id", "customer_id"),)

    steps = {"reject": step(O.OPEN, to=O.REJECTED), "grant": step(O.OPEN, to=O.GRANTED)}

    change_id: Mapped[int] = mapped_column(ForeignKey("sub_processor_change.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date]
    by_label: Mapped[str] = mapped_column(String(200))
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    state: Mapped[ObjectionState] = mapped_column(default=O.OPEN, index=True)
    version: Mapped[int] = mapped_column()

    change: Mapped[SubProcessorChange] = relationship()
    customer: Mapped[Customer] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}


@dataclass(frozen=True, slots=True)
class Entry:
    """A sub-processor as typed. country: ISO 3166-1; covers: names of contracts."""

    name: str
    country: str
    purpose: str
    covers: tuple[str, ...]

    @property
    def values(self) -> dict[str, Any]:
        told = {"name": self.name, "country": self.country, "purpose": self.purpose}
        return {**told, "covers": list(self.covers)}


def _check(provider: Organisation, entry: Entry) -> None:
    if provider.kind != OrganisationKind.PROVIDER:
        raise Refused(N_("Seul le fournisseur tient ce registre."))
    if not entry.covers:
        raise Refused(N_("Cochez au moins un contrat."))


def register_present(
    provider: Organisation, entry: Entry, since_on: date, told_on: date, told_how: str, *, by: Actor
) -> SubProcessor:
    """Enter one that takes part already, with how and when customers were told of it before.

    Raises Refused for a day to come, an announcement that did not come before, and for another house.

    Source: 003-56, 001-19, L8.
    """
    _check(provider, entry)
    if since_on > clock.today():
        raise Refused(N_("À venir, un sous-traitant s'annonce : planifiez un changement."), field="since_on")
    check_subprocessor_change(told_on, since_on, [entry.name])
    row = SubProcessor(
        organisation=provider,
        since_on=since_on,
        told_how=f"{told_on.isoformat()}, {told_how}"[:300],
        **entry.values,
    )
    db.session.add(row)
    db.session.flush()
    record(row, "register", by=by, since=since_on.isoformat())
    return row


def plan_change(
    provider: Organisation,
    entry: Entry,
    effective_on: date,
    object_until: date,
    *,
    replaces: SubProcessor | None = None,
    by: Actor,
) -> SubProcessorChange:
    """Plan an addition, or the replacement of one that takes part. Nobody is told yet.

    object_until: last day to object, before the change; no contract gives a delay, so a person chooses it.
    Raises Refused for days that have passed or stand in the wrong order, and one that takes part no more.

    Source: 003-56, L8 (regulation (EU) 2016/679, art. 28 (2)).
    """
    _check(provider, entry)
    if effective_on <= clock.today():
        raise Refused(
            N_("Un changement s'annonce avant son jour : il est au plus tôt demain."), field="effective_on"
        )
    if not clock.today() <= object_until < effective_on:
        raise Refused(
            N_("L'opposition est possible à partir d'aujourd'hui, et jusqu'à la veille du changement."),
            field="object_until",
        )
    if replaces is not None and not replaces.takes_part(effective_on):
        raise Refused(N_("Ce sous-traitant n'intervient plus ce jour-là."), field="replaces")
    row = SubProcessorChange(
        organisation=provider,
        replaces=replaces,
        effective_on=effective_on,
        object_until=object_until,
        listed=[],
        state=C.PLANNED,
        why="",
        **entry.values,
    )
    db.session.add(row)
    db.session.flush()
    record(row, "plan", by=by, on=effective_on.isoformat())
    return row


def taking_part(on: date, covers: Iterable[str] = CONTRACTS) -> list[SubProcessor]:
    """Those of a day under any of these contracts, by name."""
    wanted = set(covers)
    rows = db.session.scalars(select(SubProcessor).order_by(SubProcessor.name, SubProcessor.id))
    return [row for row in rows if row.takes_part(on) and wanted & set(row.covers)]


def told_changes(covers: Iterable[str] = CONTRACTS) -> list[SubProcessorChange]:
    """Changes that were announced and are to come, the first first."""
    wanted = set(covers)
    query = select(SubProcessorChange).where(SubProcessorChange.state == C.TOLD)
    rows = db.session.scalars(query.order_by(SubProcessorChange.effective_on, SubProcessorChange.id))
    return [row for row in rows if wanted & set(row.covers)]
