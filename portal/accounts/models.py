"""Organisations, users and sign-ins."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask_login import UserMixin
from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    func,
    select,
    update,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.access import CUSTOMERS, Role
from portal.accounts.rules import must_change_password
from portal.crypto.secrets import new_token, token_hash
from portal.db import EVERYTHING, Row, Scoped, Tenant, db, new_uid, scope
from portal.mail.wishes import is_declined

# OWASP password storage: argon2id, 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = HASHER.hash(new_token())  # compared when the account is unknown, so that time says nothing


CONFIRMED_FOR = timedelta(minutes=5)
FETCH = {"synchronize_session": "fetch"}  # a condition that Python does not evaluate


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


class Person(Row, db.Model):
    """Who signs in: one address, one password, one set of second factors, whatever houses she works for.

    She belongs to no organisation, so that her row has no place in the tree: it is reached from one of her
    memberships, or by the address that she types.
    """

    __tablename__ = "person"

    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    password_hash: Mapped[str] = mapped_column(String(200), default="")  # "" before she has chosen one
    password_given_at: Mapped[datetime | None]  # when staff last took the former one away
    password_chosen_at: Mapped[datetime | None]


class User(Tenant, UserMixin, db.Model):
    """A membership: a person in one organisation and in one role. Everything that is done is done as one."""

    __tablename__ = "user_account"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), nullable=True)  # a trigger fills it for
    # the code of the release before, which writes the next two: they leave with the release after this one.
    former_email: Mapped[str | None] = mapped_column("email", String(254), unique=True)
    former_password_hash: Mapped[str | None] = mapped_column("password_hash", String(200))
    name: Mapped[str] = mapped_column(String(140))
    role: Mapped[Role]
    language: Mapped[str | None] = mapped_column(String(5))
    joined_at: Mapped[datetime | None]  # she took the invitation up; before that it opens nothing
    is_enabled: Mapped[bool] = mapped_column(default=True)
    declined: Mapped[list[str]] = mapped_column(JSON, default=list)  # groups of notices, see mail/wishes.py
    is_looking: ClassVar[bool] = False

    organisation: Mapped[Organisation] = relationship(foreign_keys="User.organisation_id")
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    email: AssociationProxy[str] = association_proxy("person", "email")
    password_hash: AssociationProxy[str] = association_proxy("person", "password_hash")
    password_given_at: AssociationProxy[datetime | None] = association_proxy("person", "password_given_at")
    password_chosen_at: AssociationProxy[datetime | None] = association_proxy("person", "password_chosen_at")

    def __init__(
        self, *, person: Person | None = None, email: str = "", password_hash: str = "", **values: Any
    ) -> None:
        """Of a person who is known, or of a new one with this address; with a password she has joined."""
        person = person or Person(email=email, password_hash=password_hash)
        if password_hash:
            values.setdefault("joined_at", clock.now())
        super().__init__(person=person, **values)

    def declines(self, group: str) -> bool:
        """Does she want no mails of this group of notices?"""
        return is_declined(group, self.declined or [])

    @property
    def is_active(self) -> bool:
        return self.is_open

    @property
    def is_open(self) -> bool:
        """May she work in this house?"""
        return self.is_enabled and self.joined_at is not None

    @classmethod
    def works(cls) -> ColumnElement[bool]:
        """The same in SQL: who was only invited is written to by nobody, and counts for nothing."""
        return and_(cls.is_enabled, cls.joined_at.is_not(None))

    @property
    def label(self) -> str:
        return self.name

    @property
    def is_customer(self) -> bool:
        """Does she act for the end customer herself, in whatever role?"""
        return self.role in CUSTOMERS

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
        if by != "password":  # a directory counts where it asked for more
            self.factor_at = clock.now()

    def end(self) -> None:
        self.ended_at = clock.now()


def find_person(email: str) -> Person | None:
    return db.session.scalars(select(Person).where(Person.email == email.strip().lower())).one_or_none()


def find_user(email: str) -> User | None:
    """The membership in which the person of this address comes in: an open one, the last used of those."""
    person = find_person(email)
    if person is None:
        return None
    every = memberships_of(person)
    return next((each for each in every if each.is_open), every[0] if every else None)


def memberships_of(who: Person | User) -> list[User]:
    """Every membership of a person, in whatever house, the one that she used last before the others."""
    person_id = who.id if isinstance(who, Person) else who.person_id
    last = select(func.max(SignIn.id)).where(SignIn.user_id == User.id).scalar_subquery()
    query = select(User).where(User.person_id == person_id)
    with scope(EVERYTHING):
        query = query.options(joinedload(User.organisation))
        return list(db.session.scalars(query.order_by(func.coalesce(last, 0).desc(), User.id)))


def open_memberships(who: Person | User) -> list[User]:
    """Those in which she may work."""
    return [each for each in memberships_of(who) if each.is_open]


def end_sign_ins(user: User, but: SignIn | None = None) -> None:
    """The person is signed out of every house, or of everywhere but here."""
    hers = select(User.id).where(User.person_id == user.person_id)
    live = update(SignIn).where(SignIn.user_id.in_(hers), SignIn.ended_at.is_(None))
    if but is not None:
        live = live.where(SignIn.id != but.id)
    with scope(EVERYTHING):
        db.session.execute(live.values(ended_at=clock.now()), execution_options=FETCH)


def end_membership(user: User) -> None:
    """She is signed out of this house; what she does in another one goes on."""
    live = update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    db.session.execute(live.values(ended_at=clock.now()))


def is_same_person(by: Any, user_id: int | None) -> bool:
    """Is who acts the person of that membership? Where two people are asked, one with two roles is one."""
    if by.id is None or user_id is None:
        return False
    if by.id == user_id:
        return True
    with scope(EVERYTHING):
        hers = select(User.person_id).where(User.id == by.id).scalar_subquery()
        return (
            db.session.scalar(select(User.id).where(User.id == user_id, User.person_id == hers)) is not None
        )


def check_password(user: User | None, password: str) -> bool:
    """True for the right password and an open membership; takes the same time in every case."""
    stored = user.password_hash if user else _NOBODY
    try:
        HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    if user is None or not user.is_open:
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
