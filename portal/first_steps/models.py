"""Who wants to see no first steps any more."""

from typing import Any, Self

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import Tenant, db, new_uid
from portal.jobs import insert_once


class FirstStepsDismissal(Tenant, db.Model):
    """One person has put the list away; it can be shown again."""

    __tablename__ = "first_steps_dismissal"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)

    @classmethod
    def of(cls, user: Any) -> Self | None:
        return db.session.scalars(select(cls).where(cls.user_id == user.id)).one_or_none()


def dismiss(user: Any) -> None:
    values = {
        "uid": new_uid(),
        "created_at": clock.now(),
        "organisation_id": user.organisation_id,
        "org_path": user.org_path,
        "user_id": user.id,
    }
    insert_once(FirstStepsDismissal, values, ["user_id"])


def show_again(user: Any) -> None:
    db.session.execute(delete(FirstStepsDismissal).where(FirstStepsDismissal.user_id == user.id))
