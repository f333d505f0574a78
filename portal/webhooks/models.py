"""An address of a partner's system, its keys, and what is to be told to it."""

import base64
import hmac
import secrets as random_source
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import urlsplit

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.journal import record
from portal.stateful import Stateful, step

PREFIX = "whsec_"
OLD_KEY = timedelta(hours=24)  # during which both keys sign


class WebhookState(StrEnum):
    OPEN = "hook_open"
    PAUSED = "hook_paused"  # by a person: what happens meanwhile waits
    STOPPED = "hook_stopped"  # nobody has answered for days: what happens meanwhile waits
    WITHDRAWN = "hook_withdrawn"


W = WebhookState


class Webhook(Tenant, Stateful, db.Model):
    """One address of one house. Whoever knows the address or a key could speak to the partner's system: both
    are sealed.
    """

    __tablename__ = "webhook"

    steps = {
        "pause": step(W.OPEN, to=W.PAUSED),
        "stop": step(W.OPEN, to=W.STOPPED),
        "resume": step(W.PAUSED, W.STOPPED, to=W.OPEN),
        "withdraw": step(W.OPEN, W.PAUSED, W.STOPPED, to=W.WITHDRAWN),
    }

    made_by_id: Mapped[int | None] = mapped_column()  # of user_account: who is told when it is stopped
    host: Mapped[str] = mapped_column(String(255))
    address_sealed: Mapped[str | None] = mapped_column(Text)
    address = Sealed()
    key_sealed: Mapped[str | None] = mapped_column(Text)
    key = Sealed()
    old_key_sealed: Mapped[str | None] = mapped_column(Text)
    old_key = Sealed()
    old_until: Mapped[datetime | None]
    kinds: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[WebhookState] = mapped_column(default=W.OPEN, index=True)
    seen_id: Mapped[int] = mapped_column(BigInteger, default=0)  # of the journal: nothing before it is new
    next_at: Mapped[datetime | None] = mapped_column(index=True)  # after a failure: not before
    failures: Mapped[int] = mapped_column(default=0)  # since the last answer
    failing_since: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]  # somebody calls it: one at a time, so that events keep their order
    version: Mapped[int] = mapped_column()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.host

    def signer(self) -> Callable[[str, int, bytes], str]:
        """What signs its events: one signature for each key that counts now, newest first.

        It takes the number of an event, seconds since 1970, and a body. Source: Standard Webhooks 1.0
        (symmetric signatures, « v1 »).
        """
        keys = [self.key]
        if self.old_key and self.old_until and clock.now() < self.old_until:
            keys.append(self.old_key)
        known = [base64.b64decode(str(key).removeprefix(PREFIX)) for key in keys]

        def sign(uid: str, at: int, body: bytes) -> str:
            signed = f"{uid}.{at}.".encode() + body
            digests = (hmac.digest(secret, signed, "sha256") for secret in known)
            return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)

        return sign

    def turn_key(self, *, by: Actor) -> str:
        """A new key, shown this once; the one before signs beside it for a day."""
        self.old_key, self.old_until = self.key, clock.now() + OLD_KEY
        self.key = new_key()
        record(self, "turn_key", by=by, host=self.host)
        return str(self.key)


class WebhookEvent(Tenant, db.Model):
    """One event for one address: waiting in its turn, or answered."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        UniqueConstraint("webhook_id", "entry_uid"),
        Index("ix_webhook_event_waiting", "webhook_id", "sent_at", "id"),
    )

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    entry_uid: Mapped[str] = mapped_column(String(16))  # of the journal; its own for a trial
    kind: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str] = mapped_column(String(80), default="")  # the last status of HTTP, or kind of error
    tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship()


def new_key() -> str:
    """256 random bits, as the standard writes them."""
    return PREFIX + base64.b64encode(random_source.token_bytes(32)).decode()


def host_of(address: str) -> str:
    return urlsplit(address).hostname or ""
