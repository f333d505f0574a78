"""A second factor that is lost: one person asks for another, a second one agrees, neither of them is she."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.factors import drop_every_factor, end_half_sign_ins, has_factor
from portal.accounts.letters import tell_lost
from portal.accounts.models import User, end_sign_ins, is_same_person
from portal.accounts.welcome import link_to_choose
from portal.actor import Actor
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.people.access import RESET_DAYS, check_answers_for
from portal.stateful import Stateful, step
from portal.wording import N_

ANSWERED_WITHIN = timedelta(days=3)


class RecoveryState(StrEnum):
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    LAPSED = "lapsed"


R = RecoveryState


class FactorRecovery(Tenant, Stateful, db.Model):
    """A request to let somebody in again who has lost her second factors."""

    __tablename__ = "factor_recovery"
    __table_args__ = (Index("ix_factor_recovery_state", "state", "id"),)

    steps = {
        "agree": step(R.ASKED, to=R.AGREED),
        "refuse": step(R.ASKED, to=R.REFUSED),
        "lapse": step(R.ASKED, to=R.LAPSED),
    }

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    state: Mapped[RecoveryState] = mapped_column(default=R.ASKED)
    asked_by_id: Mapped[int]
    asked_by: Mapped[str] = mapped_column(String(200))

    user: Mapped[User] = relationship()

    def shown_state(self) -> str:
        return f"recovery_{self.state}"

    @property
    def ends_at(self) -> datetime:
        return self.created_at + ANSWERED_WITHIN

    def agree(self, *, by: Actor) -> None:
        """Her factors and her sessions end; she gets a link to a new password, then enrols anew.

        Raises Refused for who has asked, for herself, and for a request that is too old.
        """
        self._second_person(by)
        self._take("agree", by=by)
        user = self.user
        drop_every_factor(user)
        end_sign_ins(user)
        end_half_sign_ins(user)
        record(user, "reset_factors", by=by, asked_by=self.asked_by, asked_by_id=self.asked_by_id)
        tell_lost(user, "agreed", address=link_to_choose(user, by=by, days=RESET_DAYS))

    def refuse(self, *, by: Actor) -> None:
        """Anybody who may answer, and who asked herself."""
        if is_same_person(by, self.user_id):
            raise Refused(_HERSELF)
        self._take("refuse", by=by)
        tell_lost(self.user, "refused", who=by.label)

    def lapse(self) -> None:
        """Nobody has answered."""
        self._take("lapse", by=SYSTEM)
        tell_lost(self.user, "lapsed")

    def _second_person(self, by: Actor) -> None:
        check_answers_for(self.user, by)
        if is_same_person(by, self.user_id):
            raise Refused(_HERSELF)
        if is_same_person(by, self.asked_by_id):
            raise Refused(N_("Vous l'avez demandé : une deuxième personne doit l'accorder."))
        if clock.now() >= self.ends_at:
            raise Refused(N_("Cette demande a plus de trois jours : elle ne vaut plus rien."))


_HERSELF = N_("Personne ne décide de son propre second facteur : demandez à un collègue.")


def ask_recovery(user: User, *, by: Actor) -> FactorRecovery:
    """Raises Refused for oneself, for who works elsewhere too or has no factor, and where a request waits."""
    if by.id is None or is_same_person(by, user.id):
        raise Refused(_HERSELF)
    check_answers_for(user, by)
    locked = select(User).where(User.id == user.id).with_for_update(key_share=True)
    db.session.scalars(locked).one()  # two who ask at once are one after the other
    if not has_factor(user):
        raise Refused(N_("Cette personne n'a pas de second facteur : un lien de mot de passe suffit."))
    if open_recovery(user) is not None:
        raise Refused(N_("Une demande attend déjà une réponse."))
    row = FactorRecovery(
        organisation=user.organisation, user_id=user.id, state=R.ASKED, asked_by_id=by.id, asked_by=by.label
    )
    db.session.add(row)
    db.session.flush()
    record(row, "ask", by=by)
    record(user, "ask_recovery", by=by)
    tell_lost(user, "asked", who=by.label)
    return row


def open_recovery(user: Any, **lock: Any) -> FactorRecovery | None:
    """The request that waits for an answer."""
    query = select(FactorRecovery).where(FactorRecovery.user_id == user.id, FactorRecovery.state == R.ASKED)
    return db.session.scalars(query.with_for_update(**lock) if lock else query).one_or_none()


@jobs.periodic("people.lapse", jobs.hourly)
def lapse_recoveries() -> None:
    """Requests that nobody answered within three days come to nothing, and the person is told."""
    old = FactorRecovery.state == R.ASKED, FactorRecovery.created_at <= clock.now() - ANSWERED_WITHIN
    for row in db.session.scalars(select(FactorRecovery).where(*old).with_for_update(of=FactorRecovery)):
        row.lapse()
