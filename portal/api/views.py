"""Activation of machines. JSON in, JSON out; every refusal has a stable code."""

import json
import unicodedata
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, request

from portal import clock
from portal.access import public
from portal.accounts.floods import count_in_lots, count_within
from portal.backups.editions import see_system
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, scope, set_scope
from portal.errors import PortalError
from portal.i18n import said
from portal.leaves import leaves_together
from portal.licensing.models import Activation, ActivationKey, find_key_on
from portal.licensing.rules import Machine
from portal.licensing.seating import seat
from portal.subscriptions.key_ends import refresh_key
from portal.web import csrf
from portal.wording import N_

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)  # no cookie takes part: the activation key is the only credential


@bp.before_request
def speak_json() -> None:
    g.json_api = True


@bp.errorhandler(PortalError)
def refuse(error: PortalError) -> Response:
    db.session.rollback()
    code = getattr(error, "code", "INVALID")
    body: dict[str, Any] = {"error": {"code": code, "message": said(error)}}
    if error.field:
        body["error"]["field"] = error.field
    response = make_response(jsonify(body), error.status)
    if error.status == 429:
        response.headers["Retry-After"] = str(getattr(error, "retry_after", 3600))
    return response


class Flood(PortalError):
    """More than anybody needs: come back in ``retry_after`` seconds."""

    code, status = "TOO_MANY", 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(N_("Trop de demandes : réessayez plus tard."))
        self.retry_after = retry_after


UNKNOWN_MOST, KEY_MOST, WINDOW = 60, 120, 600  # answers of "unknown" to an address, calls with a key; seconds


@bp.after_request
def slow_guesses_down(response: Response) -> Response:
    """An address that only guesses is told nothing any more; what is right is answered all along."""
    if response.status_code not in {401, 404}:
        return response
    with scope(EVERYTHING):
        wait = count_within(f"api:{request.remote_addr}", most=UNKNOWN_MOST, seconds=WINDOW)
    return refuse(Flood(wait)) if wait else response


def check_pace(key: ActivationKey) -> None:
    """Raises Flood for a key that calls more often than its seats could need; act in its tree afterwards."""
    path, most = key.org_path, KEY_MOST + 4 * key.seats
    if wait := count_in_lots(f"key:{key.uid}", most=most, seconds=WINDOW):
        raise Flood(wait)
    set_scope(path)


def check_works(key: ActivationKey) -> None:
    """Raises LicenseRefused for a key that does not work today; what was paid this morning counts already."""
    if key.works_through < clock.today() and key.revoked_at is None:
        refresh_key(key)
    key.check_usable(clock.today())


def read_object() -> dict[str, Any]:
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # brackets in brackets, without end
        body = None
    if not isinstance(body, dict):
        raise PortalError("a JSON object is needed")
    return body


def read_text(body: dict[str, Any], name: str, length: int, *, needed: bool = True) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > length or (needed and not value.strip()):
        raise PortalError(f"{name}: a text of 1 to {length} characters is needed", field=name)
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise PortalError(f"{name}: control characters are not allowed", field=name)
    return value.strip()


def read_system(body: dict[str, Any]) -> Machine | None:
    """``{"users", "internal_disks", "network", "external", "os"?}``: what there is to be backed up."""
    told = body.get("system")
    if told is None:
        return None
    names = {"users": int, "internal_disks": int, "network": bool, "external": bool}
    if not isinstance(told, dict) or set(told) - {"os"} != set(names):
        raise PortalError(f"system: an object with {', '.join(names)} is needed", field="system")
    for name, kind in names.items():
        if type(told[name]) is not kind or not 0 <= told[name] <= 10_000:
            raise PortalError(f"system.{name}: {kind.__name__} is needed", field="system")
    return Machine(**{**told, "os": read_text(told, "os", 80, needed=False)})


def take_news(machine: Activation, system: Machine | None, *, is_new: bool = False) -> None:
    """It is there, and may say what it is."""
    if not is_new:
        machine.check_in()
    if system is not None:
        see_system(machine, system)


@bp.post("/activations")
@public("a machine proves its right with the activation key itself")
def activate() -> Response:
    """``{"key", "fingerprint", "hostname"?, "system"?}`` → 201 with the signed licence file.

    The same machine again gets its file anew. 409 NO_SEAT_LEFT, 410 EXPIRED or REVOKED, 404 NOT_FOUND, 403
    HELD (its payment is missing) or SUSPENDED, 422 MALFORMED_KEY or INVALID, 429 TOO_MANY.
    """
    body = read_object()
    typed, fingerprint = read_text(body, "key", 64), read_text(body, "fingerprint", 64)
    system, hostname = read_system(body), read_text(body, "hostname", 140, needed=False)
    set_scope(EVERYTHING)  # the key says whose it is
    key, seated = find_key_on(typed, fingerprint)
    check_pace(key)
    check_works(key)
    with leaves_together():
        activation, is_new = seat(key, fingerprint, hostname, seated)
        take_news(activation, system, is_new=is_new)
    response = make_response(activation.license_file, 201)
    db.session.commit()
    response.mimetype = "application/json"
    if not is_new:
        response.headers["Idempotent-Replay"] = "true"
    return response


@bp.get("/license-keys")
@public("public keys are public")
def license_keys() -> Response:
    """The public keys that verify licence files, by key id: 32 bytes in hexadecimal."""
    return Response(json.dumps(keyring().license_public_keys), mimetype="application/json")
