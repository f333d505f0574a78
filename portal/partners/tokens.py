"""Tokens by which a partner's system acts as a person: made, shown once, used, withdrawn.

A token is never more than its person: her role, her organisation, what she may. It ends with her.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.access import STAFF, Role
from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.crypto.secrets import new_token, token_hash
from portal.db import EVERYTHING, Tenant, commits, db, scope, writing
from portal.errors import Refused
from portal.journal import record
from portal.partners.scopes import scopes_of
from portal.resellers.reseller import BARRED, Reseller
from portal.wording import N_

PREFIX = "prt_"  # so that a scanner for leaked secrets knows one
DAYS, MOST_DAYS = 90, 365
_MOST = 20  # living tokens of one person
_NOTED_EVERY = timedelta(minutes=1)  # a write a minute for a token, not one for each call


class PartnerToken(Tenant, db.Model):
    """A named secret of one person in one organisation; only its SHA-256 is kept."""

    __tablename__ = "partner_token"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))  # its first signs, to tell one from another
    scopes: Mapped[list[str]] = mapped_column(JSON)
    role: Mapped[Role]  # of its person when it was made: another one ends it
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_address: Mapped[str] = mapped_column(String(45), default="", server_default="")
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()

    @property
    def label(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.withdrawn_at is not None or self.expires_at <= clock.now()

    def shown_state(self) -> str:
        if self.withdrawn_at is not None:
            return "token_withdrawn"
        if self.is_over:
            return "token_expired"
        return "token_open" if self.opens else "token_asleep"

    @property
    def opens(self) -> bool:
        """Does it let somebody in now? It lives no longer than what made it (see the module)."""
        user, given = self.user, self.user.password_given_at
        was_reset = given is not None and given >= self.created_at
        return not self.is_over and user.is_open and user.role == self.role and not was_reset

    def withdraw(self, *, by: Actor) -> None:
        """It opens nothing from now on; withdrawn again it stays as it is."""
        if self.withdrawn_at is None:
            self.withdrawn_at = clock.now()
            record(self, "withdraw", by=by, name=self.name)


class PartnerPolicy(Tenant, db.Model):
    """What the provider decided for one reseller; without a row its people may have tokens."""

    __tablename__ = "partner_policy"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    allows: Mapped[bool]


@dataclass(frozen=True, slots=True)
class ByToken:
    """A person who acts through a token, in the place of the acting person. Values, not her row."""

    __tablename__: ClassVar[str] = User.__tablename__  # what the journal calls her

    id: int
    uid: str
    person_id: int
    name: str
    email: str
    organisation: Organisation
    organisation_id: int
    org_path: str
    role: Role
    token: str  # its name
    language: None = None  # what is asked with each call
    is_looking: bool = False
    is_customer: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} · {self.token}"


def make_token(user: User, name: str, scopes: Collection[str], days: int, *, by: Actor) -> tuple[Any, str]:
    """A new token and its secret, which is shown this once and kept nowhere.

    days: until it ends, 1 to 365. Raises Refused where her house allows none, for a scope that she does not
    have herself, for no scope, and above twenty living ones.
    """
    check_allowed(user)
    own = [each.name for each in scopes_of(user)]
    if not scopes or set(scopes) - set(own):
        raise Refused(N_("Choisissez au moins un droit, parmi les vôtres."), field="scopes")
    if not 1 <= days <= MOST_DAYS:
        raise Refused(N_("Un jeton dure de 1 à 365 jours."), field="days")
    if (db.session.scalar(select(func.count(PartnerToken.id)).where(*_living(user))) or 0) >= _MOST:
        raise Refused(N_("Vingt jetons au plus : retirez-en un d'abord."), field="name")
    secret = PREFIX + new_token()
    row = PartnerToken(
        organisation=user.organisation,
        user_id=user.id,
        name=name,
        token_hash=token_hash(secret),
        hint=secret[:8],
        scopes=[each for each in own if each in scopes],
        role=user.role,
        expires_at=clock.now() + timedelta(days=days),
    )
    db.session.add(row)
    db.session.flush()
    record(row, "make", by=by, name=name, scopes=row.scopes, days=days)
    return row, secret


def _living(user: User) -> tuple[ColumnElement[bool], ...]:
    return (
        PartnerToken.user_id == user.id,
        PartnerToken.withdrawn_at.is_(None),
        PartnerToken.expires_at > clock.now(),
    )


def tokens_of(user: User) -> Any:
    """The query of a person's tokens, in this house."""
    query = select(PartnerToken).where(PartnerToken.user_id == user.id)
    return query.options(joinedload(PartnerToken.user))


_stopped = Reseller.state.in_(BARRED), PartnerToken.org_path.startswith(Reseller.org_path)
_closed = PartnerPolicy.allows.is_(False), PartnerToken.org_path.startswith(PartnerPolicy.org_path)
_LETS_IN = (  # asked with every call: put together once
    select(PartnerToken)
    .where(
        PartnerToken.token_hash == bindparam("token_hash"),
        ~select(Reseller.id).where(*_stopped).correlate(PartnerToken).exists(),
        ~select(PartnerPolicy.id).where(*_closed).correlate(PartnerToken).exists(),
    )
    .options(joinedload(PartnerToken.user).joinedload(User.organisation))
)


def find_token(secret: str) -> PartnerToken | None:
    """The token that lets in whoever shows this secret, seen from everywhere; None for any other text."""
    row = db.session.scalars(_LETS_IN, {"token_hash": token_hash(secret)}).one_or_none()
    return row if row is not None and row.opens and row.user.role in STAFF else None


def may_have(user: Any) -> bool:
    """May this person's house have tokens at all?"""
    return user.role in STAFF and not _forbidden(user.org_path)


def check_allowed(user: Any) -> None:
    """Raises Refused where the provider has closed the interface to her house, or to one above it."""
    if not may_have(user):
        raise Refused(N_("Votre fournisseur n'a pas ouvert cette interface à votre organisation."))


def _forbidden(path: str) -> bool:
    query = select(PartnerPolicy.org_path).where(PartnerPolicy.allows.is_(False))
    with scope(EVERYTHING):
        return any(path.startswith(each) for each in db.session.scalars(query))


def policy_of(house: Organisation) -> bool:
    """What was decided for this house itself."""
    query = select(PartnerPolicy.allows).where(PartnerPolicy.organisation_id == house.id)
    return db.session.scalar(query) is not False


def decide_policy(reseller: Any, *, allows: bool, by: Actor) -> None:
    """Open the interface to a reseller's people, or close it: their tokens sleep as long as it is closed."""
    query = select(PartnerPolicy).where(PartnerPolicy.organisation_id == reseller.organisation_id)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        row = PartnerPolicy(organisation=reseller.organisation, allows=allows)
        db.session.add(row)
    row.allows = allows
    record(reseller, "allow_tokens" if allows else "forbid_tokens", by=by)


@commits
def note_use(token_id: int, last_used_at: datetime | None, address: str) -> None:
    """Keep when and from where, outside of the call's own transaction, once a minute."""
    now = clock.now()
    if last_used_at is not None and now - last_used_at < _NOTED_EVERY:
        return
    db.session.rollback()
    values = {"last_used_at": now, "last_address": address[:45]}
    with writing(), scope(EVERYTHING):
        db.session.execute(update(PartnerToken).where(PartnerToken.id == token_id).values(**values))
        db.session.commit()


def acting_as(token: PartnerToken) -> ByToken:
    """Its person, as the rest of the portal knows who acts."""
    user = token.user
    whose = user.id, user.uid, user.person_id, user.name, user.email
    return ByToken(*whose, user.organisation, user.organisation_id, user.org_path, user.role, token.name)
