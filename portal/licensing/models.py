"""Activation keys and the machines that they activated."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, bindparam, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import Sealed, keyring
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import PortalError
from portal.i18n import said
from portal.journal import record
from portal.licensing.codes import make_code, mask, mask_foreign, parse
from portal.licensing.license_file import sign
from portal.licensing.rules import CHECK_IN_DAYS, KeyEnd, check_in_by, has_expired, over_until

# Sent by a key, in the transaction in which it stops for good, with by=.
key_revoked = Namespace().signal("key-revoked")


class LicenseRefused(PortalError):
    """An activation that is not granted: a stable code for programs, a sentence for people."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class ActivationKey(Tenant, db.Model):
    """What a customer types to activate copies of the software (clé d'activation).

    The key itself is sealed and found again by its blind index (000-04); seats are counted here, by one
    conditional update, so that two machines never take the last one (000-58).
    """

    __tablename__ = "activation_key"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    source_uid: Mapped[str] = mapped_column(String(16), index=True)  # the order that was paid
    product: Mapped[str] = mapped_column(String(140))
    code_sealed: Mapped[str] = mapped_column(String(200))
    code_index: Mapped[str] = mapped_column(String(32), unique=True)
    code = Sealed(indexed=True)
    seats: Mapped[int]
    seats_used: Mapped[int] = mapped_column(default=0)
    valid_through: Mapped[date]  # last paid day, included (000-56)
    grace_through: Mapped[date | None]  # last day of the grace after it; None: no grace
    suspended_on: Mapped[date | None]  # its contract suspends the service, and its provider has done so
    revoked_at: Mapped[datetime | None]
    over_since: Mapped[date | None] = mapped_column(
        index=True
    )  # more machines than seats, since that Paris day
    held_at: Mapped[datetime | None]  # its payment was a mistake: nothing new is activated until it is paid

    # Where it comes from, when it was not made for its order alone: "lot:uid", "stock:uid", "pool:uid".
    origin: Mapped[str] = mapped_column(String(30), default="", server_default="", index=True)

    # Paris days on which a machine gave its seat back, of the last year (ISO dates).
    releases: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))

    customer: Mapped[Customer] = relationship()
    activations: Mapped[list["Activation"]] = relationship(order_by="Activation.id")

    @property
    def machines(self) -> list["Activation"]:
        """Those that hold a seat."""
        return [row for row in self.activations if row.released_at is None]

    @property
    def digest(self) -> str:
        """What a file says of its key without saying the key."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:16]

    @property
    def is_foreign(self) -> bool:
        """Another vendor's: it is typed in that vendor's software, and activates nothing here."""
        return self.origin.startswith("pool:")

    @property
    def masked(self) -> str:
        return mask_foreign(self.code) if self.is_foreign else mask(parse(self.code))

    def revoke(self, *, by: Actor) -> None:
        """Stop every later activation (withdrawal, refund, end for breach)."""
        self.revoked_at = clock.now()
        record(self, "revoke", by=by)
        key_revoked.send(self, by=by)

    def hold(self, *, by: Actor) -> None:
        """Its payment is gone: no new machine until it is paid again. Active ones go on.

        Source: 000-10.
        """
        self.held_at = clock.now()
        record(self, "hold", by=by)

    def free(self, *, by: Actor) -> None:
        """It is paid again.

        Source: 000-10.
        """
        self.held_at = None
        record(self, "free", by=by)

    def check_free(self) -> None:
        """Raises LicenseRefused for something new while its payment is missing.

        Source: 000-10.
        """
        if self.held_at is not None:
            raise LicenseRefused("HELD", _("Cette clé est suspendue : son paiement manque."), 403)

    @property
    def works_through(self) -> date:
        """The last paid day, or the last one of the grace that follows it."""
        return max(self.valid_through, self.grace_through or self.valid_through)

    def follow(self, end: KeyEnd, suspended_on: date | None, *, by: Actor) -> None:
        """What its contract has paid, and whether its provider suspends it; the journal says what changed.

        Source: 000-56.
        """
        grace = end.grace if end.grace > end.through else None
        if (self.valid_through, self.grace_through) != (end.through, grace):
            before = self.valid_through.isoformat()
            record(
                self, "follow", by=by, before=before, after=end.through.isoformat(), until=str(grace or "")
            )
            self.valid_through, self.grace_through = end.through, grace
        if (self.suspended_on is None) != (suspended_on is None):
            record(self, "reinstate" if suspended_on is None else "suspend", by=by)
            self.suspended_on = suspended_on

    def go_on(self, seats: int, end: KeyEnd, *, by: Actor) -> None:
        """It was tried, and is paid now until the end of a Paris day: the same key, the same machines.

        Source: 000-09, 000-10.
        """
        record(self, "go_on", by=by, seats=seats, until=end.through.isoformat())
        self.seats, self.valid_through, self.grace_through = seats, end.through, end.grace

    @property
    def over_until(self) -> date | None:
        """The Paris day on which its latest machines lose their seats; None while there are not too many."""
        return over_until(self.over_since) if self.over_since is not None else None

    def check_usable(self, on: date) -> None:
        """Raises LicenseRefused for a key that is revoked, expired or suspended on a Paris day.

        Source: 000-56.
        """
        if self.revoked_at is not None:
            raise LicenseRefused("REVOKED", _("Cette clé a été révoquée."), 410)
        if has_expired(on, self.works_through):
            raise LicenseRefused("EXPIRED", _("Cette clé a expiré."), 410)
        if self.suspended_on is not None:
            raise LicenseRefused("SUSPENDED", _("Cette clé est suspendue par le prestataire."), 403)


class Activation(Tenant, db.Model):
    """A machine that holds a seat, and the licence file that it was given."""

    __tablename__ = "activation"
    __table_args__ = (UniqueConstraint("key_id", "fingerprint"),)

    key_id: Mapped[int] = mapped_column(ForeignKey("activation_key.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    hostname: Mapped[str] = mapped_column(String(140))
    license_file: Mapped[str] = mapped_column(Text)  # the last one that it was given
    last_seen_at: Mapped[datetime | None]  # it activated or checked in; None: before it was noted
    is_offline: Mapped[bool] = mapped_column(default=False, server_default=false())  # comes by file only
    seated_at: Mapped[datetime | None]  # it took its seat, the last time; None: before that was noted
    released_at: Mapped[datetime | None]  # it holds no seat any more
    system: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # what it says of itself, see rules.Machine
    outside_since: Mapped[date | None] = mapped_column(index=True)  # of its edition, since that Paris day

    key: Mapped[ActivationKey] = relationship(back_populates="activations")

    @property
    def check_by(self) -> date | None:
        """Last Paris day by which it is to check in; None for one that is never on a network."""
        seen = clock.paris_day(self.last_seen_at or self.created_at)
        return None if self.is_offline else check_in_by(seen, CHECK_IN_DAYS)

    @property
    def outside_until(self) -> date | None:
        """The Paris day from which it counts as a usage gap; None inside the limits of its edition."""
        return over_until(self.outside_since) if self.outside_since is not None else None

    def check_in(self, nonce: str = "") -> None:
        """It is there: its licence file says what is paid today, signed with the present key.

        nonce: of the request file that it answers. A file that would say the same stays the same bytes.
        """
        self.last_seen_at = clock.now()
        wanted = _payload(self.key, self, nonce)
        if not _says(self.license_file, wanted):
            self.license_file = _signed(wanted)


# What machines ask all day is put together once.
_holds = (Activation.fingerprint == bindparam("fingerprint")) & Activation.released_at.is_(None)
_TYPED = select(ActivationKey).where(ActivationKey.code_index == bindparam("code"))
_ON = _TYPED.outerjoin(Activation, (Activation.key_id == ActivationKey.id) & _holds).add_columns(Activation)
_SEATED = select(Activation).where(Activation.key_id == bindparam("key_id"), _holds)


def issue_key(
    customer: Customer,
    *,
    product: str,
    product_code: int,
    seats: int,
    valid_through: date,
    grace_through: date | None = None,
    source_uid: str,
    by: Actor,
) -> ActivationKey:
    """Make a key for so many seats. The caller has checked that it is paid (000-10).

    valid_through, grace_through: the last paid Paris day, and that of the grace behind it.
    """
    key = ActivationKey(
        organisation=customer.organisation,
        customer_id=customer.id,
        source_uid=source_uid,
        product=product,
        seats=seats,
        seats_used=0,
        valid_through=valid_through,
        grace_through=grace_through,
    )
    key.code = make_code(product_code).text
    db.session.add(key)
    record(key, "issue", by=by)
    return key


def find_key(typed: str) -> ActivationKey:
    """The key that somebody typed; raises LicenseRefused for a typing error or an unknown one.

    One in a reseller's stock, and another vendor's, are unknown: they activate nothing.
    """
    return _known(db.session.scalars(_TYPED, {"code": _index_of(typed)}).one_or_none())


def find_key_on(typed: str, fingerprint: str) -> tuple[ActivationKey, Activation | None]:
    """The key that a machine names, as :func:`find_key` does, and what holds its seat, by one question."""
    found = db.session.execute(_ON, {"code": _index_of(typed), "fingerprint": fingerprint}).one_or_none()
    return (_known(found[0]), found[1]) if found else (_known(None), None)


def _index_of(typed: str) -> str:
    try:
        code = parse(typed)
    except PortalError as typo:
        raise LicenseRefused("MALFORMED_KEY", said(typo), 422) from typo
    return keyring().blind_index(code.text, "code")


def _known(key: ActivationKey | None) -> ActivationKey:
    if key is None or key.is_foreign:
        raise LicenseRefused("NOT_FOUND", _("Cette clé est inconnue."), 404)
    return key


def not_activated() -> LicenseRefused:
    return LicenseRefused("NOT_ACTIVATED", _("Cette machine n'est pas activée avec cette clé."), 404)


def find_activation(key: ActivationKey, fingerprint: str) -> Activation | None:
    """The machine of this fingerprint, if it holds a seat."""
    return db.session.scalars(_SEATED, {"key_id": key.id, "fingerprint": fingerprint}).one_or_none()


def _file_ends_on(key: ActivationKey, activation: Activation) -> date:
    """The last Paris day of a machine's file. Nothing shortens one that is never heard of again: it gets no
    grace before it is needed, or software would outlive a contract that ends meanwhile.

    Source: 000-56.
    """
    needs_grace = key.valid_through < clock.today()
    return key.works_through if needs_grace or not activation.is_offline else key.valid_through


def _payload(key: ActivationKey, activation: Activation, nonce: str = "") -> dict[str, Any]:
    """What a licence file says, but for the instant; its days are Paris days, all of them included."""
    check_by = activation.check_by
    return {
        "license": activation.uid,
        "key": key.digest,
        "product": key.product,
        "seats": key.seats,
        "fingerprint": activation.fingerprint,
        "valid_through": key.valid_through.isoformat(),
        "works_through": _file_ends_on(key, activation).isoformat(),
        "check_by": check_by.isoformat() if check_by else None,
        "nonce": nonce,
    }


def file_for(key: ActivationKey, activation: Activation) -> str:
    """The first licence file of a machine that takes its seat."""
    return _signed(_payload(key, activation))


def _says(file: str, wanted: dict[str, Any]) -> bool:
    if not file:
        return False
    document = json.loads(file)
    said_now = {name: value for name, value in document["payload"].items() if name != "issued_at"}
    return bool(said_now == wanted and document["kid"] == keyring().license_kid)


def _signed(payload: dict[str, Any]) -> str:
    """The file that the machine checks without network, as long as it is paid and its grace."""
    issued = {"issued_at": clock.now().isoformat(timespec="seconds")}
    return sign(payload | issued, keyring().license_key, keyring().license_kid).decode()


def keys_of(customer: Customer) -> list[ActivationKey]:
    query = select(ActivationKey).where(ActivationKey.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(ActivationKey.id.desc())))
