"""The directory of a house, and who of its people is who there."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access import Role
from portal.accounts.models import Organisation, Person, User
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db


class Directory(Tenant, db.Model):
    """One for each house at most. Its addresses are what the directory says of itself."""

    __tablename__ = "directory"
    __table_args__ = (UniqueConstraint("organisation_id", name="uq_directory_organisation"),)

    issuer: Mapped[str] = mapped_column(String(300))
    client_id: Mapped[str] = mapped_column(String(200))
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    secret = Sealed()
    authorize_url: Mapped[str] = mapped_column(String(500))
    token_url: Mapped[str] = mapped_column(String(500))
    keys_url: Mapped[str] = mapped_column(String(500))
    role_claim: Mapped[str] = mapped_column(String(60), default="groups")
    roles: Mapped[list[list[str]]] = mapped_column(
        JSON, default=list
    )  # [group, role], the first that fits counts
    is_on: Mapped[bool] = mapped_column(default=False)
    is_only: Mapped[bool] = mapped_column(default=False)  # a password opens nothing in this house any more
    wants_factor: Mapped[bool] = mapped_column(default=True)  # shown there, or else here
    read_at: Mapped[datetime]  # when its addresses were last read

    @property
    def label(self) -> str:
        return self.issuer

    def role_of(self, claims: dict[str, Any]) -> Role | None:
        """Of the first group in the list that she belongs to; None for none of them."""
        said = claims.get(self.role_claim)
        hers = {said} if isinstance(said, str) else set(map(str, said)) if isinstance(said, list) else set()
        return next((Role(role) for group, role in self.roles if group in hers), None)


class DirectoryIdentity(Tenant, db.Model):
    """The subject of a directory that a membership was first opened by: no other subject opens it after."""

    __tablename__ = "directory_identity"
    __table_args__ = (
        UniqueConstraint("directory_id", "subject", name="uq_directory_identity_subject"),
        UniqueConstraint("user_id", name="uq_directory_identity_user"),
    )

    directory_id: Mapped[int] = mapped_column(ForeignKey("directory.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    subject: Mapped[str] = mapped_column(String(255))

    user: Mapped[User] = relationship()


def directory_of(organisation: Organisation) -> Directory | None:
    query = select(Directory).where(Directory.organisation_id == organisation.id)
    return db.session.scalars(query).one_or_none()


def open_directory_of(user: User) -> Directory | None:
    """Of her house, where it is switched on."""
    query = select(Directory).where(Directory.organisation_id == user.organisation_id, Directory.is_on)
    return db.session.scalars(query).one_or_none()


def directories_for(email: str) -> list[tuple[Directory, str]]:
    """Those of houses, each with its name, where somebody works whose address ends like this one.

    So that the answer tells of no single address whether it is known here.
    """
    domain = email.rpartition("@")[2].lower()
    ending = func.lower(Person.email).endswith(f"@{domain}", autoescape=True)
    houses = select(User.organisation_id).join(User.person).where(ending, User.works())
    query = select(Directory, Organisation.name).join(
        Organisation, Organisation.id == Directory.organisation_id
    )
    query = query.where(Directory.is_on, Directory.organisation_id.in_(houses)).order_by(Directory.id)
    return [(row, name) for row, name in db.session.execute(query)]


def identity_of(directory: Directory, subject: str) -> DirectoryIdentity | None:
    query = select(DirectoryIdentity).where(
        DirectoryIdentity.directory_id == directory.id, DirectoryIdentity.subject == subject
    )
    return db.session.scalars(query).one_or_none()


def identity_for(user: User) -> DirectoryIdentity | None:
    return db.session.scalars(
        select(DirectoryIdentity).where(DirectoryIdentity.user_id == user.id)
    ).one_or_none()
