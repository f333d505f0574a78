"""A machine takes a seat of a key, however many come at once."""

from typing import Any

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import bindparam, update
from sqlalchemy.orm import make_transient_to_detached

from portal import clock
from portal.actor import Actor, owner_of
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.jobs import insert_new
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey, LicenseRefused, file_for, find_activation
from portal.licensing.rules import takes_a_seat

# Sent with the activation, in the transaction in which a machine takes its seat.
machine_activated = Namespace().signal("machine-activated")


_keys: Any = ActivationKey.__table__
_COUNTS = (  # put together once
    update(_keys)
    .where(_keys.c.id == bindparam("key_id"), _keys.c.seats_used < _keys.c.seats)
    .values(seats_used=_keys.c.seats_used + 1)
)


def take_seat(key: ActivationKey, fingerprint: str, hostname: str) -> tuple[Activation, bool]:
    """Activate a machine, or find it active already; says whether it is new.

    One statement adds the machine, one counts the seat: together they never exceed ``seats``, however
    many machines come at once. Raises LicenseRefused without a seat left (409), or a payment (403).

    Source: 000-58, 002-18.
    """
    return seat(key, fingerprint, hostname, find_activation(key, fingerprint))


def seat(
    key: ActivationKey, fingerprint: str, hostname: str, existing: Activation | None
) -> tuple[Activation, bool]:
    """The same for who has looked already whether the machine holds a seat: ``existing``."""
    try:
        takes_a_seat(key.seats_used, key.seats, holds_one=existing is not None)
    except Refused as refusal:
        raise LicenseRefused("NO_SEAT_LEFT", said(refusal), 409) from refusal
    if existing is not None:
        return existing, False
    key.check_free()
    counted = db.session.connection().execute(_COUNTS, {"key_id": key.id})
    if not counted.rowcount:
        again = find_activation(key, fingerprint)
        if again is not None:
            return again, False
        sentence = _("Tous les postes de cette clé (%(seats)d) sont déjà activés.", seats=key.seats)
        raise LicenseRefused("NO_SEAT_LEFT", sentence, 409)
    stored = _seated(key, fingerprint, hostname)
    if stored is None:
        db.session.rollback()  # the same machine came twice at once: its seat is counted once
        return _activation(key, fingerprint), False
    record(stored, "activate", by=_Machine(hostname))
    machine_activated.send(stored)
    return stored, True


def _seated(key: ActivationKey, fingerprint: str, hostname: str) -> Activation | None:
    """Write the machine, or take back the one that gave its seat away; None when somebody was faster."""
    activation = Activation(
        organisation=owner_of(key),
        key_id=key.id,
        fingerprint=fingerprint,
        hostname=hostname,
        license_file="",
        last_seen_at=clock.now(),
        seated_at=clock.now(),
        is_offline=False,
    )
    activation.license_file = file_for(key, activation)
    columns = [column.key for column in Activation.__table__.columns if column.key != "id"]
    values = {name: getattr(activation, name) for name in columns}
    number = insert_new(Activation, values, ["key_id", "fingerprint"])
    if number is not None:
        activation.id = number
        make_transient_to_detached(activation)  # it is stored already
        db.session.add(activation)
        return activation
    now = clock.now()
    kept: dict[str, Any] = {"released_at": None, "hostname": hostname, "is_offline": False}
    kept |= {"last_seen_at": now, "seated_at": now}
    back: Any = db.session.execute(
        update(Activation)
        .where(Activation.key_id == key.id, Activation.fingerprint == fingerprint)
        .where(Activation.released_at.is_not(None))
        .values(**kept)
        .execution_options(synchronize_session="fetch")
    )
    return _activation(key, fingerprint) if back.rowcount else None


def machine_named(hostname: str) -> Actor:
    """The machine itself, as the journal names it."""
    return _Machine(hostname)


class _Machine:
    id = None

    def __init__(self, hostname: str) -> None:
        self.label = hostname or "machine"


def _activation(key: ActivationKey, fingerprint: str) -> Activation:
    found = find_activation(key, fingerprint)
    assert found is not None
    return found
