"""A reseller (revendeur): who it is, its signed contract, and the states of the relation with it."""

from datetime import date
from enum import StrEnum
from typing import Any

from blinker import Namespace
from sqlalchemy import ForeignKey, Select, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access import RESELLER
from portal.accounts.models import Organisation, SignIn, User
from portal.actor import Actor
from portal.blobs import Document
from portal.clock import now
from portal.db import EVERYTHING, Tenant, db, scope, within
from portal.errors import Refused
from portal.stateful import Stateful, step
from portal.wording import N_

_signals = Namespace()
reseller_resumed = _signals.signal("reseller-resumed")
reseller_failed = _signals.signal("reseller-failed")  # in the transaction that notes the default
reseller_ending = _signals.signal("reseller-ending")  # before the relation ends: who raises Refused holds it


class ResellerState(StrEnum):
    DRAFT = "draft"  # its contract is not signed
    ACTIVE = "active"
    SUSPENDED = "suspended"
    IN_DEFAULT = "in_default"  # it no longer does its part: its customers are offered another
    ENDED = "ended"


R = ResellerState


class Reseller(Tenant, Stateful, db.Model):
    """Who sells to customers, at any depth of the tree; its organisation is the node."""

    __tablename__ = "reseller"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    steps = {
        "activate": step(R.DRAFT, to=R.ACTIVE),
        "suspend": step(R.ACTIVE, to=R.SUSPENDED),
        "resume": step(R.SUSPENDED, R.IN_DEFAULT, to=R.ACTIVE),
        "default": step(R.ACTIVE, R.SUSPENDED, to=R.IN_DEFAULT),
        "end": step(R.DRAFT, R.ACTIVE, R.SUSPENDED, R.IN_DEFAULT, to=R.ENDED),
        "reopen": step(R.ENDED, to=R.DRAFT),
    }

    state: Mapped[ResellerState] = mapped_column(index=True)
    legal_name: Mapped[str] = mapped_column(String(140))
    siren: Mapped[str | None] = mapped_column(String(9))
    street: Mapped[str] = mapped_column(String(70), default="")
    postcode: Mapped[str] = mapped_column(String(16), default="")
    town: Mapped[str] = mapped_column(String(35), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    territory: Mapped[str] = mapped_column(String(140), default="")  # where it may sell, as its contract says
    contract_signed_on: Mapped[date | None]
    contract_ends_on: Mapped[date | None]  # its last day; None for one without an end
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    notes: Mapped[str] = mapped_column(Text, default="")  # conditions in words, for the provider's people

    organisation: Mapped[Organisation] = relationship(foreign_keys="Reseller.organisation_id")
    contract: Mapped[Document | None] = relationship()

    @property
    def name(self) -> str:
        return self.organisation.name

    def shown_state(self) -> str:
        return f"reseller_{self.state.value}"

    def activate(self, *, by: Actor) -> None:
        """It may sell from now on. Raises Refused without its signed contract.

        Source: 001-32.
        """
        if self.contract_id is None:
            raise Refused(
                N_("Le contrat de revendeur signé manque : sans lui, rien ne se fournit à un tiers (001-32).")
            )
        self._take("activate", by=by)

    def suspend(self, reason: str, *, by: Actor) -> None:
        """No order and no session of its people any more; backups, restores and its customers' own
        spaces go on as before.
        """
        self._take("suspend", by=by, reason=reason)
        end_sessions_below(self)

    def resume(self, *, by: Actor) -> None:
        self._take("resume", by=by)
        reseller_resumed.send(self, by=by)

    def default(self, reason: str, *, by: Actor) -> None:
        """It no longer does its part: its people are out, and its customers are offered another."""
        self._take("default", by=by, reason=reason)
        end_sessions_below(self)
        reseller_failed.send(self, by=by)

    def end(self, reason: str, *, by: Actor) -> None:
        """Raises Refused while it still has living customers, or resellers below it that are not ended.

        Customers who are archived or merged hold nothing: their papers stay with the provider.
        """
        reseller_ending.send(self)
        if db.session.scalar(_living_below(self)) is not None:
            raise Refused(N_("Un revendeur placé sous lui n'est pas terminé."))
        self._take("end", by=by, reason=reason)
        end_sessions_below(self)

    def reopen(self, *, by: Actor) -> None:
        """The relation begins again, with a contract signed anew."""
        self._take("reopen", by=by)
        self.contract_id = self.contract_signed_on = self.contract_ends_on = None


def _living_below(reseller: Reseller) -> Select[Any]:
    query = select(Reseller.id).where(within(Reseller, reseller.org_path), Reseller.id != reseller.id)
    return query.where(Reseller.state != R.ENDED).limit(1)


def end_sessions_below(reseller: Reseller) -> None:
    """Whoever works for it, or for a reseller below it, is signed out now. Customers stay where they are."""
    people = select(User.id).where(within(User, reseller.org_path), User.role.in_(RESELLER))
    live = db.update(SignIn).where(SignIn.user_id.in_(people), SignIn.ended_at.is_(None))
    db.session.execute(live.values(ended_at=now()).execution_options(synchronize_session=False))


def above(org_path: str) -> list[Reseller]:
    """The resellers on the way from a node to the root, the nearest first, whoever asks."""
    with scope(EVERYTHING):
        uids = org_path.strip("/").split("/")
        query = select(Reseller).join(Organisation, Organisation.id == Reseller.organisation_id)
        query = query.where(Organisation.uid.in_(uids)).order_by(db.func.length(Reseller.org_path).desc())
        return list(db.session.scalars(query))


def stopped(org_path: str) -> Reseller | None:
    """The reseller at or above a node that may not sell now; None where all may, or where there is none.

    Source: 001-32.
    """
    return next((each for each in above(org_path) if each.state != R.ACTIVE), None)


def check_may_sell(org_path: str) -> None:
    """Raises Refused for an order under a reseller whose contract is not signed, or who is stopped.

    Source: 001-32.
    """
    found = stopped(org_path)
    if found is None:
        return
    if found.state == R.DRAFT:
        raise Refused(
            N_(
                "Le contrat de revendeur de %(name)s n'est pas signé : il ne peut pas encore vendre (001-32)."
            ),
            name=found.name,
        )
    raise Refused(N_("%(name)s ne peut plus vendre : aucune commande ne passe par lui."), name=found.name)


BARRED = {R.SUSPENDED, R.IN_DEFAULT, R.ENDED}


def barred(org_path: str) -> Reseller | None:
    """The reseller at or above a node whose people may not sign in now."""
    return next((each for each in above(org_path) if each.state in BARRED), None)


def failed(org_path: str) -> Reseller | None:
    """The reseller at or above a node that is in default or ended: it serves its customers no more."""
    return next((each for each in above(org_path) if each.state in (R.IN_DEFAULT, R.ENDED)), None)
