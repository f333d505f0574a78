"""Views of a list that a person has kept: a name, and what the address asks for."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import User
from portal.db import Tenant, db


class SavedView(Tenant, db.Model):
    """One kept view of one person's list."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "listing", "name"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    listing: Mapped[str] = mapped_column(String(40))  # name of the list
    name: Mapped[str] = mapped_column(String(60))
    wishes: Mapped[str] = mapped_column(String(500))  # as it stands in the address


def views_of(user: User, listing: str) -> list[SavedView]:
    """By name."""
    query = select(SavedView).where(SavedView.user_id == user.id, SavedView.listing == listing)
    return list(db.session.scalars(query.order_by(SavedView.name)))
