"""What an activated machine asks afterwards: is it valid, its file anew, its seat given back."""

from typing import Any

from flask import Response, jsonify, make_response, request

from portal import clock
from portal.access import public
from portal.api.views import bp, check_pace, check_works, read_object, read_system, read_text, take_news
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, reading, set_scope
from portal.licensing.machines import release_seat, state_on_machine
from portal.licensing.models import Activation, ActivationKey, find_key_on, not_activated
from portal.licensing.revocations import revocation_list, revocation_version
from portal.licensing.seating import machine_named
from portal.subscriptions.key_ends import refresh_key
from portal.words.states import look_of


def _asked(body: dict[str, Any] | None = None) -> tuple[ActivationKey, str, Activation | None]:
    """Key, fingerprint and machine of the body; from here on only that key's tree is seen."""
    body = read_object() if body is None else body
    typed, fingerprint = read_text(body, "key", 64), read_text(body, "fingerprint", 64)
    set_scope(EVERYTHING)  # the key says whose it is
    key, machine = find_key_on(typed, fingerprint)
    check_pace(key)
    return key, fingerprint, machine


@bp.post("/validations")
@public("a machine proves its right with the activation key itself")
def validate() -> Response:
    """``{"key", "fingerprint"}`` → 200 ``{"state", "message", "valid_through", "works_through"}``.

    ``state``: VALID, GRACE, EXPIRED, SUSPENDED, REVOKED, NO_MACHINE, TOO_MANY_MACHINES, FINGERPRINT_MISMATCH
    or CHECKIN_OVERDUE. 404 NOT_FOUND, 422 MALFORMED_KEY or INVALID, 429 TOO_MANY.
    """
    with reading():
        key, fingerprint, machine = _asked()
        is_late = key.works_through < clock.today()
    if is_late:
        db.session.rollback()  # a transaction that has read cannot wait for its turn to write, on SQLite
        refresh_key(key)
        db.session.commit()
    state = state_on_machine(key, fingerprint, machine, clock.today())
    return jsonify(
        state=state.value,
        message=str(look_of(f"license_{state.value.lower()}").word),
        valid_through=key.valid_through.isoformat(),
        works_through=key.works_through.isoformat(),
    )


@bp.post("/heartbeats")
@public("a machine proves its right with the activation key and its own fingerprint")
def check_in() -> Response:
    """``{"key", "fingerprint", "system"?}`` of an activated machine → 200 with its licence file as of today.

    404 NOT_FOUND or NOT_ACTIVATED, 410 EXPIRED or REVOKED, 403 SUSPENDED, 422 MALFORMED_KEY or INVALID, 429
    TOO_MANY.
    """
    body = read_object()
    system = read_system(body)
    key, _fingerprint, machine = _asked(body)
    check_works(key)
    if machine is None:
        raise not_activated()
    take_news(machine, system)
    response = make_response(machine.license_file)
    db.session.commit()
    response.mimetype = "application/json"
    return response


@bp.post("/deactivations")
@public("a machine proves its right with the activation key and its own fingerprint")
def give_back_seat() -> Response:
    """``{"key", "fingerprint"}`` → 200 ``{"released": true}``: the seat is free for another machine.

    404 NOT_FOUND or NOT_ACTIVATED, 422 INVALID above the yearly number, MALFORMED_KEY, 429 TOO_MANY.
    """
    _key, _fingerprint, machine = _asked()
    if machine is None:
        raise not_activated()
    release_seat(machine, by=machine_named(machine.hostname), is_capped=True)
    db.session.commit()
    return jsonify(released=True)


@bp.get("/revocations")
@public("a list of opaque ids, signed, for whoever verifies a licence file")
def list_revocations() -> Response:
    """A signed file like a licence file.

    Its payload is ``{"issued_at", "revoked": [license, …], "withdrawn_keys": [kid, …]}``.

    Only licences whose files could still count: a machine that was to check in before is stopped by its own.
    Ask with ``If-None-Match``: 304 while nothing has changed since that ``ETag``, once a day at most.
    """
    set_scope(EVERYTHING)
    version = revocation_version()
    known = request.if_none_match.contains(version)
    response = make_response("" if known else revocation_list(version).file, 304 if known else 200)
    response.mimetype = "application/json"
    response.headers["Cache-Control"] = "public, max-age=300"
    response.set_etag(version)
    return response


@bp.get("/signing-keys")
@public("public keys are public")
def list_signing_keys() -> Response:
    """``{"keys": [{"kid", "public_key", "from", "until", "in_use", "withdrawn"}]}``.

    UTC; ``from`` is null for the one of the set-up, ``until`` for what was not replaced, ``withdrawn`` for
    what still verifies.
    """
    ring = keyring()
    gone = {kid: (each["public_key"], each["at"]) for kid, each in ring.license_withdrawn.items()}
    known = {kid: (raw, None) for kid, raw in ring.license_public_keys.items()} | gone
    rows = []
    for kid, (raw, withdrawn) in known.items():
        begins, ends = ring.license_key_days(kid)
        row = {"kid": kid, "public_key": raw, "from": begins, "until": ends, "withdrawn": withdrawn}
        rows.append(row | {"in_use": kid == ring.license_kid})
    return jsonify(keys=rows)
