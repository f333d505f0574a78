"""The provider's procedure about one subscription, from the warning to the closed account."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.provider_ends import Cause, causes_of
from portal.answers.rules.force_majeure import suspended_until
from portal.answers.rules.notices import notice_counts_on
from portal.blobs import Document, keep
from portal.db import Tenant, db
from portal.errors import Refused
from portal.scans import read_scan
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription


class EndingState(StrEnum):
    WARNED = "ending_warned"  # the delay of the contract runs, or is over and a person decides
    GIVEN = "ending_given"  # the end is told and has its day
    CLOSED = "ending_closed"  # the day has come: keys are closed
    DROPPED = "ending_dropped"  # mended, over, or a mistake


E = EndingState
OPEN = (E.WARNED, E.GIVEN)


class ProviderEnding(Tenant, Stateful, db.Model):
    """A procedure by which the provider ends one contract, for a cause and with its facts."""

    __tablename__ = "provider_ending"
    steps = {
        "post": step(E.WARNED, to=E.WARNED),
        "follow": step(E.WARNED, to=E.WARNED),
        "give": step(E.WARNED, to=E.GIVEN),
        "drop": step(E.WARNED, to=E.DROPPED),
        "close": step(E.GIVEN, to=E.CLOSED),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    cause: Mapped[str] = mapped_column(String(40))
    facts: Mapped[str] = mapped_column(String(2000))  # as the customer reads them
    state: Mapped[EndingState] = mapped_column(default=E.WARNED, index=True)
    warned_on: Mapped[date]  # by mail, or the day of the end where nothing comes before it
    is_registered: Mapped[bool]  # the contract counts from the receipt of a registered letter
    by_itself: Mapped[bool]  # ends on its first day without being confirmed again
    since_on: Mapped[date | None]  # last use of an account, first day of force majeure
    tracking: Mapped[str] = mapped_column(String(40), default="")
    posted_on: Mapped[date | None]
    first_presented_on: Mapped[date | None]
    received_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    given_on: Mapped[date | None]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    subscription: Mapped[Subscription] = relationship()
    letter: Mapped[Document | None] = relationship(foreign_keys=[letter_id])
    scan: Mapped[Document | None] = relationship(foreign_keys=[scan_id])

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def asked(self) -> Cause | None:
        """What the contract asks for this cause, as it stood on the day of the warning."""
        stack = self.subscription.terms.on(self.warned_on)
        return next((each for each in causes_of(stack) if each.name == self.cause), None)

    @property
    def counts_on(self) -> date | None:
        """The day that the delay counts from; None while a registered letter is on its way.

        One that the customer refused, or did not fetch, counts from its first presentation.

        Source: 003-17, 004-40, 004-24, 004-23, 000-51, 001-36.
        """
        if self.asked is not None and self.asked.since and self.since_on is not None:
            return self.since_on
        if not self.is_registered:
            return self.warned_on
        return self.received_on or (self.first_presented_on if self.returned_on else None)

    @property
    def may_end_from(self) -> date | None:
        """First day on which the end may be told; None while nobody knows that the letter arrived."""
        counted = self.counts_on
        return self.asked.first_day(counted) if counted is not None and self.asked is not None else None

    @property
    def goes_on_from(self) -> date | None:
        """First day after the suspension that force majeure brings; None for other causes and contracts.

        Source: 000-51, 001-36.
        """
        days = self.subscription.terms.on(self.warned_on).find("force_majeure.suspension_days")
        if self.cause != "force_majeure" or self.since_on is None or days is None:
            return None
        return suspended_until(self.since_on, days.value)

    @property
    def is_ripe(self) -> bool:
        first = self.may_end_from
        return self.state == E.WARNED and first is not None and first <= clock.today()

    @property
    def waits_for_post(self) -> bool:
        return self.state == E.WARNED and self.is_registered and self.posted_on is None

    def post(self, on: date, tracking: str, *, by: Actor) -> None:
        """A person has taken the warning to the post office. Raises Refused for an impossible day."""
        if not self.is_registered or self.posted_on is not None:
            raise Refused(_("Aucune lettre n'est à poster."))
        if not self.warned_on <= on <= clock.today():
            raise Refused(_("La lettre part entre sa rédaction et aujourd'hui."), field="posted_on")
        self._take("post", by=by, on=on.isoformat(), reason=tracking)
        self.posted_on, self.tracking = on, tracking

    def follow(
        self, presented_on: date | None, received_on: date | None, returned_on: date | None, *, by: Actor
    ) -> None:
        """What the post office says became of it; told again, it corrects what was told before.

        Raises Refused for days in the wrong order or to come, and for a letter both received and returned.

        Source: 004-40; 000-55, 001-15, 004-37.
        """
        if self.posted_on is None:
            raise Refused(_("Notez d'abord le dépôt à la poste."))
        if received_on and returned_on:
            raise Refused(_("Une lettre est reçue, ou revient : pas les deux."), field="returned_on")
        if returned_on and not presented_on:
            raise Refused(_("Indiquez aussi le jour de sa présentation."), field="first_presented_on")
        if not (presented_on or received_on):
            raise Refused(_("Indiquez un jour."), field="first_presented_on")
        for name, day in (("first_presented_on", presented_on), ("received_on", received_on)):
            if day is not None and day > clock.today():
                raise Refused(_("Ce jour est à venir."), field=name)
            notice_counts_on(self.posted_on, day)
        before = self.received_on.isoformat() if self.received_on else ""
        after = received_on.isoformat() if received_on else ""
        self._take("follow", by=by, pinned_before=before, pinned_after=after)
        self.first_presented_on, self.received_on, self.returned_on = presented_on, received_on, returned_on

    def give(self, *, by: Actor, ends_on: date) -> None:
        self._take("give", by=by, ends_on=ends_on.isoformat(), reason=self.cause)
        self.given_on = clock.today()

    def drop(self, why: str, *, by: Actor) -> None:
        self._take("drop", by=by, reason=why)

    def close(self, *, by: Actor) -> None:
        self._take("close", by=by)

    def keep_scan(self, content: bytes) -> None:
        """The proof of posting or of receipt. Raises Refused for no PDF, JPEG or PNG."""
        scan = read_scan(content, field="scan")
        self.scan = keep(
            scan.content,
            owner=self.subscription.customer.organisation,
            subject=self,
            kind="letter_scan",
            filename=f"mise-en-demeure-{self.warned_on}.{scan.suffix}",
            media_type=scan.media_type,
        )


def open_ending(subscription: Subscription) -> ProviderEnding | None:
    """The procedure that runs; there is one at a time."""
    query = select(ProviderEnding).where(
        ProviderEnding.subscription_id == subscription.id, ProviderEnding.state.in_(OPEN)
    )
    return db.session.scalars(query.order_by(ProviderEnding.id.desc())).first()


def endings_of(subscription: Subscription) -> list[ProviderEnding]:
    """The newest first."""
    query = select(ProviderEnding).where(ProviderEnding.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(ProviderEnding.id.desc())))
