"""What a licence is worth on a machine today, seats given back, and machines that come by file."""

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from portal import clock
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey, LicenseRefused
from portal.licensing.rules import check_release
from portal.licensing.seating import take_seat
from portal.wording import N_

LARGEST_REQUEST = 16_384  # bytes of a request file


class LicenseState(StrEnum):
    VALID = "VALID"
    GRACE = "GRACE"  # the last paid day has passed
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"  # by the provider, where the contract lets it
    REVOKED = "REVOKED"
    NOT_FOUND = "NOT_FOUND"  # no such key
    NO_MACHINE = "NO_MACHINE"  # nothing is activated with it
    TOO_MANY_MACHINES = "TOO_MANY_MACHINES"
    FINGERPRINT_MISMATCH = "FINGERPRINT_MISMATCH"  # other machines are activated, this one is not
    CHECKIN_OVERDUE = "CHECKIN_OVERDUE"  # it has not told of itself for too long


L = LicenseState


def state_of_key(key: ActivationKey, on: date) -> LicenseState:
    """Of the key as such, on a Paris day.

    Source: 000-56, 000-58.
    """
    if key.revoked_at is not None:
        return L.REVOKED
    if on > key.works_through:
        return L.EXPIRED
    if key.suspended_on is not None:
        return L.SUSPENDED
    if key.seats_used > key.seats:
        return L.TOO_MANY_MACHINES
    if not key.seats_used:
        return L.NO_MACHINE
    return L.GRACE if on > key.valid_through else L.VALID


def state_on_machine(
    key: ActivationKey, fingerprint: str, machine: Activation | None, on: date
) -> LicenseState:
    """Of the key on one machine; what stops the key comes first.

    machine: what holds the seat of that fingerprint, if anything does.

    Source: 000-56, 000-58, 002-18.
    """
    state = state_of_key(key, on)
    if state not in (L.VALID, L.GRACE, L.TOO_MANY_MACHINES):
        return state
    if machine is None and _gave_back(key, fingerprint):
        return L.NO_MACHINE
    if machine is None:
        return L.TOO_MANY_MACHINES if key.seats_used >= key.seats else L.FINGERPRINT_MISMATCH
    if machine.check_by is not None and on > machine.check_by:
        return L.CHECKIN_OVERDUE
    return state


def _gave_back(key: ActivationKey, fingerprint: str) -> bool:
    """Had this machine a seat, which it gave back or lost?"""
    query = select(Activation.id).where(Activation.key_id == key.id, Activation.fingerprint == fingerprint)
    return db.session.scalar(query.where(Activation.released_at.is_not(None))) is not None


def _locked(key_id: int) -> ActivationKey:
    query = select(ActivationKey).where(ActivationKey.id == key_id)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def release_seat(machine: Activation, *, by: Actor, is_capped: bool) -> None:
    """The machine holds a seat no more, and its file is on the list of what is revoked.

    is_capped: by the customer herself, some times a year; what brings a key back to its seats does not count.
    Raises Refused above it, or for a machine that holds no seat.

    Source: 000-58, 002-18.
    """
    key = _locked(machine.key_id)
    is_capped = is_capped and key.seats_used <= key.seats
    today, days = clock.today(), [date.fromisoformat(day) for day in key.releases]
    if is_capped:
        check_release(days, today, key.seats)
    gone = update(Activation).where(Activation.id == machine.id, Activation.released_at.is_(None))
    freed = db.session.execute(gone.values(released_at=clock.now()))
    if not freed.rowcount:  # type: ignore[attr-defined]
        raise Refused(_("Ce poste est déjà libéré."))
    less = update(ActivationKey).where(ActivationKey.id == key.id)
    db.session.execute(less.values(seats_used=ActivationKey.seats_used - 1))
    db.session.refresh(key)
    if is_capped:
        recent = [day for day in days if (today - day).days < 365]
        key.releases = [day.isoformat() for day in (*recent, today)]
    if key.over_since is not None and key.seats_used <= key.seats:
        key.over_since = None
    record(machine, "release", by=by)


def lock_seats(key: ActivationKey) -> int:
    """How many machines are above the seats of a key, which nobody else changes until the commit."""
    found = _locked(key.id)
    return max(found.seats_used - found.seats, 0)


def take_latest_seats(key: ActivationKey, *, by: Actor) -> list[Activation]:
    """As many machines as are above the seats lose theirs, the one that came last first.

    Source: 000-58, 002-18.
    """
    more = lock_seats(key)
    came = func.coalesce(Activation.seated_at, Activation.created_at)
    query = select(Activation).where(Activation.key_id == key.id, Activation.released_at.is_(None))
    lost = list(db.session.scalars(query.order_by(came.desc(), Activation.id.desc())))[:more]
    for machine in lost:
        machine.released_at = clock.now()
        record(machine, "lose", by=by)
    key.seats_used -= len(lost)
    key.over_since = None
    return lost


@dataclass(frozen=True)
class Request:
    """What a machine without network writes for its key's page."""

    key: str  # digest of the key, as in a licence file
    fingerprint: str
    hostname: str
    nonce: str


def read_request(file: bytes) -> Request:
    """Raises Refused for what no machine has written."""
    malformed = Refused(N_("Ce fichier n'est pas une demande de licence."), field="file")
    if len(file) > LARGEST_REQUEST:
        raise malformed
    try:
        found = json.loads(file.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise malformed from error
    names = {"key": 16, "fingerprint": 64, "hostname": 140, "nonce": 64}
    if not isinstance(found, dict) or found.get("request") != "license" or set(found) != {"request", *names}:
        raise malformed
    for name, length in names.items():
        value = found[name]
        if not isinstance(value, str) or len(value) > length or not value.isprintable():
            raise malformed
    if not found["fingerprint"].strip() or not found["nonce"]:
        raise malformed
    return Request(found["key"], found["fingerprint"].strip(), found["hostname"].strip(), found["nonce"])


def answer_request(key: ActivationKey, request: Request, *, by: Actor) -> str:
    """The signed file for a machine that is never on a network; it takes a seat the first time.

    Raises Refused for the request of another key, a key that does not work, and without a seat left.

    Source: 000-56, 000-58.
    """
    if request.key != key.digest:
        raise Refused(_("Cette demande vient d'une machine où une autre clé est tapée."), field="file")
    try:
        key.check_usable(clock.today())
        machine, _is_new = take_seat(key, request.fingerprint, request.hostname)
    except LicenseRefused as refusal:
        raise Refused(refusal.message, field="file") from refusal
    machine.is_offline = True
    machine.check_in(request.nonce)
    record(machine, "sign_file", by=by)
    return machine.license_file
