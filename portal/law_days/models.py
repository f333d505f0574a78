"""One day on which law or terms change, and the contracts that answer otherwise from then on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.wording import N_

TELL = "law_days.tell"


class LawDayKind(StrEnum):
    LAW = "law"  # a statute begins or ends
    TERMS = "terms"  # a published version takes effect


class LawDayState(StrEnum):
    COMING = "law_day_coming"
    CLOSED = "law_day_closed"  # the day has come; what was sent stands


S = LawDayState


class LawDay(Tenant, Stateful, db.Model):
    """A change to come (jour de changement). key: "law:<day>", or "terms:<version>"."""

    __tablename__ = "law_day"
    __table_args__ = (UniqueConstraint("organisation_id", "key"), Index("ix_law_day_day", "day", "id"))

    steps = {"close": step(S.COMING, to=S.CLOSED)}

    key: Mapped[str] = mapped_column(String(60))
    kind: Mapped[LawDayKind]
    day: Mapped[date]  # first Paris day of the change
    version: Mapped[str] = mapped_column(String(40), default="")  # of the terms; "" for the law
    state: Mapped[LawDayState] = mapped_column(default=S.COMING)
    looked_at: Mapped[datetime | None]  # every running contract was asked
    asked_at: Mapped[datetime | None]  # somebody had the letters sent
    asked_by: Mapped[str] = mapped_column(String(200), default="")
    concerned: Mapped[int] = mapped_column(default=0)  # at its close
    lettered: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": revision}

    @property
    def sends_letters(self) -> bool:
        """A version of the terms has notices of its own (003-04)."""
        return self.kind == LawDayKind.LAW

    def counts(self) -> tuple[int, int]:
        """Contracts that answer otherwise, and those whose letter was written."""
        if self.state == S.CLOSED:
            return self.concerned, self.lettered
        mine = select(func.count(LawDayContract.id)).where(LawDayContract.law_day_id == self.id)
        written = mine.where(LawDayContract.mail_uid != "")
        return db.session.scalar(mine) or 0, db.session.scalar(written) or 0

    def send_letters(self, *, by: Actor) -> None:
        """Ask for one letter a contract; who has hers already gets no other.

        Raises Refused for new terms, from the day on, before every contract was asked, and where no letter is
        left to send.
        """
        if not self.sends_letters:
            raise Refused(N_("De nouvelles conditions s'annoncent depuis leur page."))
        if not self.can("close") or self.day <= clock.today():
            raise Refused(N_("Ce jour est passé : plus aucune lettre n'en part."))
        if self.looked_at is None:
            raise Refused(N_("Les contrats sont encore en cours de comparaison : revenez dans un instant."))
        concerned, lettered = self.counts()
        if concerned == lettered:
            raise Refused(N_("Aucune lettre ne reste à envoyer."))
        self.asked_at, self.asked_by = clock.now(), by.label
        record(self, "send_letters", by=by, letters=concerned - lettered)
        owner = db.session.get_one(Organisation, self.organisation_id)
        jobs.enqueue(TELL, f"{self.uid}:{clock.now().isoformat()}", owner, unit="customers")

    def close(self) -> None:
        """Its day has come: keep how many contracts it concerned, and how many were written to."""
        self.concerned, self.lettered = self.counts()
        self._take("close", by=SYSTEM, concerned=self.concerned, letters=self.lettered)


class LawDayContract(Tenant, db.Model):
    """A running contract whose answers differ from that day on; it belongs to who keeps the list."""

    __tablename__ = "law_day_contract"
    __table_args__ = (UniqueConstraint("law_day_id", "subscription_id"),)

    law_day_id: Mapped[int] = mapped_column(ForeignKey("law_day.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    mail_uid: Mapped[str] = mapped_column(String(16), default="")  # of its letter

    law_day: Mapped[LawDay] = relationship()
    subscription: Mapped[Subscription] = relationship()
