"""What moves money, or how it is watched, changes by two people and after a day: time to object.

One person asks, another one agrees, and an hour on the clock makes it count. Until then one is enough to
stop it.
"""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.errors import Refused
from portal.i18n import eur
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import mask
from portal.stateful import Stateful, step
from portal.words.choices import WATCHED

# Sent by a change, in the transaction in which it is asked, agreed, refused or stopped.
change_moved = Namespace().signal("creditor-change-moved")
WAIT_HOURS = 24  # after the agreement
NOTHING = "–"  # before a value that is the first


class ChangeState(StrEnum):
    ASKED = "asked"
    AGREED = "agreed"  # counts from its hour
    APPLIED = "applied"
    STOPPED = "stopped"  # by anybody who may ask for one
    REFUSED = "refused"  # by the second person


C = ChangeState
OPEN = (C.ASKED, C.AGREED)
_OPEN_SQL = text("state IN ('asked', 'agreed')")


class Line(NamedTuple):
    """One value before and after, as people read it: accounts masked."""

    label: Any
    before: str
    after: str


class CreditorChange(Tenant, Stateful, db.Model):
    """A change of a creditor's account, identifier or limits that waits for its people and its hour."""

    __tablename__ = "creditor_change"
    __table_args__ = (
        Index(  # one at a time
            "uq_creditor_change_open",
            "legal_entity_id",
            unique=True,
            postgresql_where=_OPEN_SQL,
            sqlite_where=_OPEN_SQL,
        ),
        Index("ix_creditor_change_state", "state", "id"),
    )

    steps = {
        "agree": step(C.ASKED, to=C.AGREED),
        "refuse": step(C.ASKED, to=C.REFUSED),
        "stop": step(C.ASKED, C.AGREED, to=C.STOPPED),
        "apply": step(C.AGREED, to=C.APPLIED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    state: Mapped[ChangeState] = mapped_column(default=C.ASKED)
    values_sealed: Mapped[str] = mapped_column(Text)  # the account is among them
    values = Sealed()
    told: Mapped[list[list[Any]]] = mapped_column(JSON)  # name, before, after; accounts masked
    asked_by_id: Mapped[int]
    asked_by: Mapped[str] = mapped_column(String(200))
    agreed_by_id: Mapped[int | None]
    agreed_by: Mapped[str] = mapped_column(String(200), default="")
    counts_at: Mapped[datetime | None]  # a full hour, UTC
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def shown_state(self) -> str:
        return f"creditor_change_{self.state.value}"

    def lines(self) -> list[Line]:
        """In the language of whoever reads."""
        return [Line(WATCHED[name], _shown(name, was), _shown(name, now)) for name, was, now in self.told]

    def asked(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.values)
        return values

    def agree(self, *, by: Actor) -> None:
        """Agree as the second person; it counts from the first full hour that is 24 hours away.

        Raises Refused for whoever asked, in whatever role.
        """
        if by.id is None or is_same_person(by, self.asked_by_id):
            raise Refused(_("Vous avez demandé ce changement : une deuxième personne doit l'accepter."))
        self.counts_at = _full_hour(clock.now() + timedelta(hours=WAIT_HOURS))
        self._take("agree", by=by, counts_at=self.counts_at.isoformat())
        self.agreed_by_id, self.agreed_by = by.id, by.label
        until = self.counts_at.isoformat()
        record(self.legal_entity, "agree_change", by=by, changed=self.told, counts_at=until)
        change_moved.send(self)

    def stop(self, *, by: Actor) -> None:
        """It will not count. A second person who stops what is asked has refused it."""
        refuses = self.state == C.ASKED and not is_same_person(by, self.asked_by_id)
        self._take("refuse" if refuses else "stop", by=by)
        record(self.legal_entity, "stop_change", by=by, changed=self.told)
        change_moved.send(self)

    def apply(self, *, by: Actor) -> None:
        """Note that its values count now; :func:`portal.sepa.models.profile.apply_change` has set them."""
        self._take("apply", by=by)


def _full_hour(at: datetime) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(hours=1)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if value == NOTHING:
        return NOTHING
    return eur(value) if name.endswith("_cents") else str(value)


def open_creditor_change(entity: LegalEntity) -> CreditorChange | None:
    """The one that waits for a person or its hour."""
    query = select(CreditorChange).where(CreditorChange.legal_entity_id == entity.id)
    return db.session.scalars(query.where(CreditorChange.state.in_(OPEN))).one_or_none()


def ask_change(entity: LegalEntity, values: dict[str, Any], *, by: Actor) -> CreditorChange | None:
    """Ask for other values of :data:`portal.words.choices.WATCHED`; None where just these are asked already.

    Those of an entity that is not open yet are new, whatever it has.

    Raises Refused while another change waits, and where nobody answers for it.
    """
    if by.id is None:
        raise Refused(_("Ce changement est demandé par une personne."))
    waiting = open_creditor_change(entity)
    if waiting is not None:
        if waiting.asked() == values:
            return None
        raise Refused(_("Un autre changement de ce créancier attend : arrêtez-le d'abord."))
    change = CreditorChange(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        state=C.ASKED,
        told=[
            [name, _masked(name, getattr(entity, name)) if entity.is_open else NOTHING, _masked(name, now)]
            for name, now in values.items()
        ],
        asked_by_id=by.id,
        asked_by=by.label,
        agreed_by="",
        version=1,
    )
    change.values = json.dumps(values, sort_keys=True)
    db.session.add(change)
    db.session.flush()
    record(change, "ask", by=by, changed=change.told)
    record(entity, "ask_change", by=by, changed=change.told)
    change_moved.send(change)
    return change


def _masked(name: str, value: Any) -> Any:
    return mask(value) if name == "iban" else value


def ripe_changes() -> list[CreditorChange]:
    """Those whose hour has come."""
    query = select(CreditorChange).where(CreditorChange.state == C.AGREED)
    ripe = query.where(CreditorChange.counts_at <= clock.now()).order_by(CreditorChange.id)
    return list(db.session.scalars(ripe))
