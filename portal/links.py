"""Links that act for a person without an account: sign a mandate, open a vault, fetch one's data.

A link is a random 256-bit token whose SHA-256 is stored, for one purpose and one record, expiring and
revocable. Opening it (a mail scanner does) changes nothing. Before anything that matters, a six-digit code
is sent to the address on file: the forwarded link alone does not suffice.
"""

import hmac
import secrets as random_source
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import g
from sqlalchemy import String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.crypto.secrets import Sealed, keyring, new_token, token_hash
from portal.db import EVERYTHING, Tenant, db, scope, set_scope
from portal.errors import Refused
from portal.mail import Mail, sent_at_of
from portal.wording import N_

CODE_MINUTES, CODE_TRIES, CODES_PER_HOUR = 10, 5, 3
CODE_WAITS = timedelta(hours=1)  # for its mail to leave


class Purpose(StrEnum):
    SIGN_MANDATE = "sign"
    CHANGE_ACCOUNT = "account"
    OPEN_VAULT = "unlock"
    FETCH_EXPORT = "fetch"
    READ_VAULT = "read"
    WELCOME = "welcome"
    ACCEPT_TERMS = "accept"
    CONSENT = "consent"
    WAIVE = "waive"
    PAY = "pay"
    ACCEPT_QUOTE = "quote"
    SIGN_CHANGE = "change"
    SIGN_REVERSAL = "reversal"
    SIGN_UP = "sign_up"
    ASSIGN = "assign"
    ACCEPT_WORK = "work"
    SIGN_AGREEMENT = "agreement"
    CHOOSE_HANDOVER = "handover"
    REFUND_ACCOUNT = "refund_account"


class LinkProblem(StrEnum):
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CodeProblem(StrEnum):
    WRONG = "wrong"
    EXPIRED = "expired"
    TOO_MANY = "too_many"


class BadLink(Exception):
    """The link does not open; the page says why and how to get another one."""

    def __init__(self, problem: LinkProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class SignedLink(Tenant, db.Model):
    """One link sent to one person for one purpose."""

    __tablename__ = "signed_link"

    purpose: Mapped[Purpose]
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    recipient: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_expires_at: Mapped[datetime | None]  # unless its mail has left: then CODE_MINUTES after that
    code_mail_uid: Mapped[str | None] = mapped_column(String(16))
    code_tries: Mapped[int] = mapped_column(default=0)
    codes_sent: Mapped[int] = mapped_column(default=0)  # within the hour that starts with the first
    codes_since: Mapped[datetime | None]
    code_passed_at: Mapped[datetime | None]
    # What its holder asked for and has yet to confirm by the code, as JSON.
    wish_sealed: Mapped[str | None] = mapped_column(Text)
    wish = Sealed()

    label = N_("lien signé")

    def new_code(self) -> str | None:
        """A fresh code to send to ``recipient``, or None when three were sent within the hour.

        Tell :meth:`code_leaves_with` by which mail: its time runs from when that mail has left.
        """
        now = clock.now()
        if self.codes_since is None or now - self.codes_since > timedelta(hours=1):
            self.codes_since, self.codes_sent = now, 0
        if self.codes_sent >= CODES_PER_HOUR:
            return None
        code = f"{random_source.randbelow(10**6):06d}"
        self.codes_sent += 1
        self.code_hash, self.code_tries = self._digest(code), 0
        self.code_expires_at, self.code_mail_uid = now + CODE_WAITS, None
        self.code_passed_at = None
        return code

    def sent_code(self) -> str:
        """A fresh code. Raises Refused, with the minutes to wait, when three were sent within the hour."""
        code = self.new_code()
        if code is None:
            wait = (self.codes_since or clock.now()) + timedelta(hours=1) - clock.now()
            minutes = max(1, int(wait.total_seconds() // 60) + 1)
            sentence = N_(
                "Trois codes sont déjà partis cette heure. Le suivant sera possible dans %(n)d min."
            )
            raise Refused(sentence, n=minutes)
        return code

    def code_leaves_with(self, mail: Mail) -> None:
        self.code_mail_uid = mail.uid

    def code_ends_at(self) -> datetime | None:
        """The instant (UTC) from which the code works no more; None where there is no code."""
        if self.code_hash is None or self.code_expires_at is None:
            return None
        left = sent_at_of(self.code_mail_uid)
        return left + timedelta(minutes=CODE_MINUTES) if left else self.code_expires_at

    def try_code(self, typed: str) -> CodeProblem | None:
        """Compare a typed code; None when it is right. Every try counts: commit in any case.

        The row is locked first, so that tries at the same moment are counted one after the other.
        """
        db.session.refresh(self, with_for_update=True)
        if self.code_tries >= CODE_TRIES:
            return CodeProblem.TOO_MANY
        ends_at = self.code_ends_at()
        if ends_at is None or clock.now() >= ends_at or self.code_hash is None:
            return CodeProblem.EXPIRED
        self.code_tries += 1
        digits = "".join(c for c in typed if c.isdigit())
        good = keyring().blind_indexes(f"{self.uid}:{digits}", "code")
        if not any(hmac.compare_digest(self.code_hash, each) for each in good):
            return CodeProblem.WRONG
        self.code_hash, self.code_passed_at = None, clock.now()  # a code works once
        return None

    def _digest(self, code: str) -> str:
        return keyring().blind_index(f"{self.uid}:{code}", "code")


def make_link(
    purpose: Purpose, subject: Any, *, owner: Any, recipient: str, days: int
) -> tuple[SignedLink, str]:
    """A new link and its token; earlier links for the same purpose and record stop working."""
    revoke_links(purpose, subject)
    token = new_token()
    link = SignedLink(
        organisation=owner,
        purpose=purpose,
        subject_uid=subject.uid,
        recipient=recipient,
        token_hash=token_hash(token),
        expires_at=clock.now() + timedelta(days=days),
        code_tries=0,
        codes_sent=0,
    )
    db.session.add(link)
    return link, token


def revoke_links(purpose: Purpose, subject: Any) -> None:
    db.session.execute(
        update(SignedLink)
        .where(SignedLink.purpose == purpose, SignedLink.subject_uid == subject.uid)
        .where(SignedLink.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def open_link(purpose: Purpose, token: str) -> SignedLink:
    """The link of this token; the request then acts inside its organisation only.

    Raises BadLink for an unknown, expired or revoked one.
    """
    with scope(EVERYTHING):
        query = select(SignedLink).where(SignedLink.token_hash == token_hash(token))
        link = db.session.scalars(query.where(SignedLink.purpose == purpose)).one_or_none()
    if link is None:
        raise BadLink(LinkProblem.UNKNOWN)
    g.linked_path = link.org_path  # whose house the page shows, also when it says that the link is over
    if link.revoked_at is not None:
        raise BadLink(LinkProblem.REVOKED)
    if clock.now() >= link.expires_at:
        raise BadLink(LinkProblem.EXPIRED)
    set_scope(link.org_path)
    return link


def mask_email(address: str) -> str:
    """Enough for its owner to recognise it: « c•••@client.example »."""
    name, _at, host = address.rpartition("@")
    return f"{name[:1]}•••@{host}"
