"""What a person shows beside her password: passkeys, an application of one-time codes, recovery codes.

They are hers, whatever houses she works for: like her own row they have no place in the tree of
organisations, and are looked up by the person alone.
"""

import base64
import secrets as random_source
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pyotp
from flask import current_app
from sqlalchemy import BigInteger, ForeignKey, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.access import STAFF
from portal.accounts.models import FETCH, SignIn, User, open_memberships
from portal.crypto.secrets import Sealed, token_hash
from portal.db import EVERYTHING, Row, Tenant, db, scope
from portal.errors import Refused
from portal.wording import N_

STEP_SECONDS = 30  # RFC 6238
RECOVERY_CODES = 10
HALF_OPEN = timedelta(minutes=10)
HALF_OPEN_TRIES = 5
REQUIRED, OFFERED = "required", "offered"


class Factor:
    """What passkeys and applications have in common: whose it is, and the name that she gave it."""

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    last_used_at: Mapped[datetime | None]


class Passkey(Factor, Row, db.Model):
    """A public key of a device or of a security key; the private one never leaves it."""

    __tablename__ = "passkey"
    kind: ClassVar[str] = "passkey"

    credential_id: Mapped[str] = mapped_column(Text, unique=True)  # base64url, at most 1023 bytes
    public_key: Mapped[str] = mapped_column(Text)  # COSE, base64url
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)


class Totp(Factor, Row, db.Model):
    """The secret of an application that shows a new code every thirty seconds."""

    __tablename__ = "totp"
    kind: ClassVar[str] = "totp"

    secret_sealed: Mapped[str] = mapped_column(String(200))
    secret = Sealed()
    proved_at: Mapped[datetime | None]  # the first code was right; before that it opens nothing
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of the code that was last accepted

    def uri(self, user: Any) -> str:
        """What the picture says to the application."""
        issuer = str(current_app.config["PUBLIC_URL"]).split("://")[-1]
        return pyotp.TOTP(self.secret).provisioning_uri(name=user.email, issuer_name=issuer)

    def accepts(self, code: str) -> bool:
        """Is it the code of now, or of the half minute before or after, and not one accepted before?"""
        present = int(clock.now().timestamp()) // STEP_SECONDS
        maker = pyotp.TOTP(self.secret)
        for step in (present - 1, present, present + 1):
            if step > self.last_step and random_source.compare_digest(maker.generate_otp(step), code):
                self.last_step, self.last_used_at = step, clock.now()
                return True
        return False


class RecoveryCode(Row, db.Model):
    """One of ten codes on paper, for the day when the device is lost. Only its SHA-256 is stored."""

    __tablename__ = "recovery_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
    kept_at: Mapped[datetime | None]  # the person said that she has put them away


class HalfSignIn(Tenant, db.Model):
    """The password was right, the second factor is awaited: no session, for ten minutes and five tries."""

    __tablename__ = "half_sign_in"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    challenge: Mapped[str | None] = mapped_column(String(100))
    tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()

    @property
    def is_open(self) -> bool:
        lives = clock.now() - self.created_at < HALF_OPEN
        return lives and self.ended_at is None and self.tries < HALF_OPEN_TRIES


def passkeys_of(user: Any) -> list[Passkey]:
    return list(
        db.session.scalars(select(Passkey).where(Passkey.person_id == user.person_id).order_by(Passkey.id))
    )


def totps_of(user: Any) -> list[Totp]:
    """Those whose first code was right."""
    proved = select(Totp).where(Totp.person_id == user.person_id, Totp.proved_at.is_not(None))
    return list(db.session.scalars(proved.order_by(Totp.id)))


def factors_of(user: Any) -> list[Passkey | Totp]:
    return [*passkeys_of(user), *totps_of(user)]


def has_factor(user: Any) -> bool:
    return bool(factors_of(user))


def must_have_factor(user: Any) -> bool:
    """Is the second factor compulsory for this person? For who is staff anywhere, unless only offered."""
    if current_app.config["SECOND_FACTOR"] != REQUIRED:
        return False
    return user.role in STAFF or any(each.role in STAFF for each in open_memberships(user))


def begin_totp(user: Any) -> Totp:
    """A new secret, which opens nothing before its first code was right. One that was begun is given up."""
    db.session.execute(delete(Totp).where(Totp.person_id == user.person_id, Totp.proved_at.is_(None)))
    row = Totp(person_id=user.person_id, name="")
    row.secret = pyotp.random_base32()
    db.session.add(row)
    return row


def begun_totp(user: Any) -> Totp | None:
    return db.session.scalars(
        select(Totp).where(Totp.person_id == user.person_id, Totp.proved_at.is_(None))
    ).one_or_none()


def prove_totp(row: Totp, code: str, name: str) -> None:
    """Raises Refused for a code that the application did not make now."""
    if not row.accepts(digits_of(code)):
        raise Refused(N_("Ce code n'est pas celui du moment : attendez le suivant."), field="code")
    row.name, row.proved_at = name, clock.now()


def digits_of(typed: str) -> str:
    return "".join(c for c in typed if c.isdigit() and c.isascii())


def new_recovery_codes(user: Any) -> list[str]:
    """Ten codes of 80 random bits, told once; those of before are worth nothing any more."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == user.person_id))
    codes = [_spaced(base64.b32encode(random_source.token_bytes(10)).decode().lower()) for _ in range(10)]
    db.session.add_all(RecoveryCode(person_id=user.person_id, code_hash=_digest(code)) for code in codes)
    return codes


def _spaced(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _digest(typed: str) -> str:
    return token_hash("".join(c for c in typed.lower() if c.isalnum()))


def recovery_codes_left(user: Any) -> int:
    left = select(func.count(RecoveryCode.id)).where(RecoveryCode.person_id == user.person_id)
    return db.session.scalar(left.where(RecoveryCode.used_at.is_(None))) or 0


def are_kept(user: Any) -> bool:
    """Did she say that her codes are put away?"""
    kept = select(RecoveryCode.id).where(RecoveryCode.person_id == user.person_id)
    return db.session.scalar(select(kept.where(RecoveryCode.kept_at.is_not(None)).exists())) or False


def codes_of_hers(user: Any, typed: list[str]) -> list[str]:
    """Those of the typed codes that are this person's."""
    hers = set(
        db.session.scalars(select(RecoveryCode.code_hash).where(RecoveryCode.person_id == user.person_id))
    )
    return [code for code in typed if _digest(code) in hers]


def check_code(user: Any, typed: str) -> str | None:
    """How a typed code was right, ``totp`` or ``recovery``; None when it is wrong. Each works once.

    The rows are locked first, so that two tries at one moment cannot both use the same code.
    """
    digits = digits_of(typed)
    if len(digits) == 6 and len(typed.strip()) < 10:
        proved = select(Totp).where(Totp.person_id == user.person_id, Totp.proved_at.is_not(None))
        for row in db.session.scalars(proved.with_for_update().execution_options(populate_existing=True)):
            if row.accepts(digits):
                return "totp"
        return None
    unused = select(RecoveryCode).where(
        RecoveryCode.person_id == user.person_id, RecoveryCode.used_at.is_(None)
    )
    mine = unused.where(RecoveryCode.code_hash == _digest(typed)).with_for_update()
    code = db.session.scalars(mine).one_or_none()
    if code is None:
        return None
    code.used_at = clock.now()
    return "recovery"


def drop_factor(user: Any, row: Passkey | Totp) -> None:
    """Raises Refused for the last one of a person who must have one."""
    others = [each for each in factors_of(user) if (each.kind, each.id) != (row.kind, row.id)]
    if not others and must_have_factor(user):
        raise Refused(N_("C'est votre dernier facteur : ajoutez-en un autre, puis retirez celui-ci."))
    db.session.delete(row)
    if not others:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == user.person_id))


def drop_every_factor(user: Any) -> None:
    """For somebody who has lost them."""
    for kind in (Passkey, Totp, RecoveryCode):
        db.session.execute(delete(kind).where(kind.person_id == user.person_id))


def end_half_sign_ins(user: Any) -> None:
    """In whatever house: the password that they began with is hers in all of them."""
    hers = select(User.id).where(User.person_id == user.person_id)
    live = db.update(HalfSignIn).where(HalfSignIn.user_id.in_(hers), HalfSignIn.ended_at.is_(None))
    with scope(EVERYTHING):
        db.session.execute(live.values(ended_at=clock.now()), execution_options=FETCH)


def forget_half_sign_ins(before: datetime) -> None:
    """Drop those begun before an instant (UTC)."""
    db.session.execute(delete(HalfSignIn).where(HalfSignIn.created_at < before))


Challenged = SignIn | HalfSignIn
