"""Organisations, users and sign-ins."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access import Role
from portal.accounts.rules import must_change_password
from portal.crypto.secrets import new_token, token_hash
from portal.db import Scoped, Tenant, db, new_uid

# OWASP password storage: argon2id, 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = HASHER.hash(new_token())  # compared when the account is unknown, so that time says nothing


CONFIRMED_FOR = timedelta(minutes=5)


class OrganisationKind(StrEnum):
    PROVIDER = "provider"
    RESELLER = "reseller"
    CUSTOMER = "customer"


class Organisation(Scoped, db.Model):
    """A node of the one tree: provider, resellers at any depth, customers."""

    __tablename__ = "organisation"
    __table_args__ = (Index("ix_organisation_kind", "kind", "org_path"),)  # few of them are no customers
    seen_from_below: ClassVar[bool] = True  # a customer reads its reseller's name

    kind: Mapped[OrganisationKind]
    name: Mapped[str] = mapped_column(String(140))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)

    parent: Mapped["Organisation | None"] = relationship(remote_side="Organisation.id")

    def __init__(self, *, parent: "Organisation | None", **values: Any) -> None:
        uid = new_uid()
        path = f"{parent.org_path if parent else '/'}{uid}/"
        super().__init__(uid=uid, parent=parent, org_path=path, **values)

    @property
    def organisation_id(self) -> int:
        return self.id


class User(Tenant, UserMixin, db.Model):
    """A person who signs in, always for one organisation and in one role."""

    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(140))
    role: Mapped[Role]
    language: Mapped[str | None] = mapped_column(String(5))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_given_at: Mapped[datetime | None]  # when staff last took the former one away
    password_chosen_at: Mapped[datetime | None]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    is_looking: ClassVar[bool] = False

    organisation: Mapped[Organisation] = relationship(foreign_keys="User.organisation_id")

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    @property
    def label(self) -> str:
        return self.name

    def set_password(self, password: str) -> None:
        """The person's own choice."""
        self.password_hash, self.password_chosen_at = HASHER.hash(password), clock.now()

    @property
    def must_choose(self) -> bool:
        """Was she given a way to a new password, and has not chosen it yet? The former one opens nothing."""
        given = self.password_given_at
        return given is not None and must_change_password(given, self.password_chosen_at)


class SignIn(Tenant, db.Model):
    """A server-side session. The cookie holds a random token; only its SHA-256 is stored."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]  # the password was typed again, and the factor shown
    confirmed_by: Mapped[str] = mapped_column(String(20), default="password")  # or totp, recovery, passkey
    factor_at: Mapped[datetime | None]  # a second factor was shown in this session
    challenge: Mapped[str | None] = mapped_column(String(100))  # what a passkey is asked to sign
    address: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(300))
    looks_at_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # see accounts/looking.py
    looks_until: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    looks_at: Mapped[Organisation | None] = relationship(foreign_keys=[looks_at_id])

    def is_live(self, idle_seconds: int, absolute_seconds: int) -> bool:
        now = clock.now()
        return (
            self.ended_at is None
            and now - self.last_seen_at < timedelta(seconds=idle_seconds)
            and now - self.created_at < timedelta(seconds=absolute_seconds)
        )

    def is_confirmed(self) -> bool:
        """Was the password typed again a short while ago? Asked before what moves money."""
        return self.confirmed_at is not None and clock.now() - self.confirmed_at < CONFIRMED_FOR

    def confirm(self, by: str = "password") -> None:
        """by: what was shown with the password, or ``password`` where that was all."""
        self.confirmed_at, self.confirmed_by = clock.now(), by
        if by != "password":
            self.factor_at = clock.now()

    def end(self) -> None:
        self.ended_at = clock.now()


def find_user(email: str) -> User | None:
    return db.session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()


def check_password(user: User | None, password: str) -> bool:
    """True for the right password of an enabled account; takes the same time in every case."""
    stored = user.password_hash if user else _NOBODY
    try:
        HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    if user is None or not user.is_enabled:
        return False
    if HASHER.check_needs_rehash(stored):
        user.password_hash = HASHER.hash(password)  # the same one, kept better
    return True


def open_sign_in(user: User, *, address: str, browser: str) -> tuple[SignIn, str]:
    """A new session and the token for its cookie, which is not stored."""
    token = new_token()
    now = clock.now()
    row = SignIn(
        organisation=user.organisation,
        token_hash=token_hash(token),
        user_id=user.id,
        last_seen_at=now,
        address=address[:45],
        browser=browser[:300],
    )
    db.session.add(row)
    return row, token
