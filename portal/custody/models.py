"""The customer's own access to a vault: read-only, for some hours, with a secret that is shown once."""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import new_token, token_hash
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, Tenant, db, scope
from portal.engine.models import LINK_DAYS, Person, Vault, VaultState, mail_contact
from portal.errors import IllegalStep, Refused
from portal.journal import record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.wording import N_

HOURS = (24, 72, 168, 336)  # how long an access may last
DEFAULT_HOURS = 72
_NOBODY = token_hash("")  # compared when the name is unknown, so that both answers take the same time


class AccessState(StrEnum):
    """Computed: what time decides is not stored."""

    OFFERED = "access_offered"  # the customer has a link and has not taken the secret yet
    LIVE = "access_live"
    EXPIRED = "expired"
    REVOKED = "revoked"


class VaultAccess(Tenant, db.Model):
    """Credentials with which the customer's own restic reads a vault through the portal."""

    __tablename__ = "vault_access"

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    hours: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(254), default="")  # of the link; empty without one
    secret_hash: Mapped[str | None] = mapped_column(String(64))  # None until the customer takes it
    expires_at: Mapped[datetime]  # of the link, then of the access
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(200))
    first_used_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_sent: Mapped[int] = mapped_column(BigInteger, default=0)

    vault: Mapped[Vault] = relationship()

    @property
    def state(self) -> AccessState:
        if self.revoked_at is not None:
            return AccessState.REVOKED
        if clock.now() >= self.expires_at:
            return AccessState.EXPIRED
        return AccessState.LIVE if self.secret_hash else AccessState.OFFERED

    @property
    def can_be_revoked(self) -> bool:
        return self.state in {AccessState.LIVE, AccessState.OFFERED}

    def take(self, *, by: Actor, address: str) -> str:
        """The secret, which exists from now on and is shown this once; the hours begin."""
        if self.state != AccessState.OFFERED:
            raise IllegalStep(N_("Cet accès a déjà été pris, ou n'est plus valable. Demandez-en un autre."))
        secret = new_token()
        self.secret_hash, self.expires_at = token_hash(secret), clock.now() + timedelta(hours=self.hours)
        revoke_links(Purpose.READ_VAULT, self)
        record(self.vault, "take_access", by=by, access=self.uid, hours=self.hours, address=address)
        return secret

    def revoke(self, *, by: Actor) -> None:
        if not self.can_be_revoked:
            raise IllegalStep(N_("Cet accès ne fonctionne déjà plus."))
        self.revoked_at, self.revoked_by = clock.now(), by.label
        revoke_links(Purpose.READ_VAULT, self)
        record(self.vault, "revoke_access", by=by, access=self.uid, requests=self.requests)

    def note_first_use(self, address: str) -> None:
        """The customer is told: an access that she did not use herself is to be revoked."""
        self.first_used_at = self.last_used_at = clock.now()
        record(self.vault, "use_access", by=Person(N_("accès en lecture")), access=self.uid, address=address)
        queue_mail(
            self.recipient or mail_contact(self.vault.customer, ContactRole.TECHNICAL),
            "mails/access_used.txt",
            about=self.vault,
            owner=self.vault.customer.organisation,
            language=self.vault.customer.language,
            access=self,
            address=address,
            page=link(f"/vaults/{self.vault.uid}"),
        )

    def repository(self, secret: str) -> str:
        """The address that restic is given."""
        url = urlsplit(str(current_app.config["PUBLIC_URL"]))
        place = f"{url.netloc}{url.path.rstrip('/')}/restic/{self.vault.uid}/"
        return f"rest:{url.scheme}://{self.uid}:{secret}@{place}"


def open_access(vault: Vault, *, hours: int, by: Actor) -> VaultAccess:
    """A new access of one customer, who has yet to take its secret."""
    if vault.state != VaultState.ACTIVE:
        raise Refused(N_("Ce coffre est effacé : il n'y a plus rien à lire."))
    if hours not in HOURS:
        raise Refused(N_("Un accès dure de un à quatorze jours."))
    access = VaultAccess(
        organisation=vault.customer.organisation,
        vault=vault,
        hours=hours,
        created_by=by.label,
        recipient="",
        expires_at=clock.now() + timedelta(days=LINK_DAYS),
        requests=0,
        bytes_sent=0,
    )
    db.session.add(access)
    record(vault, "open_access", by=by, access=access.uid, hours=hours)
    return access


def offer_access(vault: Vault, *, hours: int, by: Actor) -> VaultAccess:
    """An access whose secret only the customer sees: the link is mailed to the one who restores."""
    access = open_access(vault, hours=hours, by=by)
    owner, language = vault.customer.organisation, vault.customer.language
    person = mail_contact(vault.customer, ContactRole.TECHNICAL)
    access.recipient = person.email
    _row, token = make_link(
        Purpose.READ_VAULT, access, owner=owner, recipient=access.recipient, days=LINK_DAYS
    )
    queue_mail(
        person,
        "mails/access.txt",
        about=vault,
        owner=owner,
        language=language,
        urgent=True,
        vault=vault,
        address=link(f"/vault-access/{token}"),
        days=LINK_DAYS,
        hours=hours,
    )
    return access


def find_access(uid: str) -> VaultAccess | None:
    return db.session.scalars(select(VaultAccess).where(VaultAccess.uid == uid)).one_or_none()


def accesses_of(vault: Vault) -> list[VaultAccess]:
    """All of them, newest first."""
    query = select(VaultAccess).where(VaultAccess.vault_id == vault.id)
    return list(db.session.scalars(query.order_by(VaultAccess.id.desc())))


def admitted(name: str, secret: str, vault_uid: str) -> VaultAccess | None:
    """The access that these credentials open for this vault, whoever it belongs to; None for any other."""
    with scope(EVERYTHING):
        access = find_access(name) if name.isascii() and name.isalnum() else None
        expected = (access.secret_hash if access else None) or _NOBODY
        right = hmac.compare_digest(expected, token_hash(secret)) and secret != ""
        if access is None or not right or access.state != AccessState.LIVE:
            return None
        return access if access.vault.uid == vault_uid else None
