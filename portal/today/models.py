"""The secret address by which a calendar program reads a person's day."""

from typing import Self

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.crypto.secrets import new_token, token_hash
from portal.db import EVERYTHING, Tenant, db, scope


class CalendarFeed(Tenant, db.Model):
    """One address; making a new one, or dropping it, ends the old one."""

    __tablename__ = "calendar_feed"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    with_names: Mapped[bool]  # of customers, in a calendar that others may see

    user: Mapped[User] = relationship()

    @classmethod
    def of(cls, user: User) -> Self | None:
        return db.session.scalars(select(cls).where(cls.user_id == user.id)).one_or_none()

    @classmethod
    def opened_by(cls, token: str) -> Self | None:
        """The feed of an address, while its person may sign in."""
        with scope(EVERYTHING):
            query = select(cls).where(cls.token_hash == token_hash(token))
            feed = db.session.scalars(query).one_or_none()
            return feed if feed is not None and feed.user.is_enabled else None


def make_feed(user: User, *, with_names: bool) -> str:
    """The secret part of a new address, which is stored nowhere."""
    drop_feed(user)
    token = new_token()
    db.session.add(
        CalendarFeed(
            organisation=user.organisation,
            user_id=user.id,
            token_hash=token_hash(token),
            with_names=with_names,
        )
    )
    db.session.flush()
    return token


def drop_feed(user: User) -> None:
    if (feed := CalendarFeed.of(user)) is not None:
        db.session.delete(feed)
        db.session.flush()
