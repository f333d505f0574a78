"""What machines tell of their backups. The token of a machine is its only credential."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Response, jsonify, make_response, request

from portal.access import public
from portal.api.views import bp, check_pace, check_works, read_object, read_text
from portal.backups.health import Outcome, Trouble
from portal.backups.models import Machine
from portal.backups.receive import Report, find_machine, receive_report
from portal.db import EVERYTHING, db, set_scope
from portal.errors import PortalError
from portal.licensing.models import find_key_on, not_activated

INCIDENTS, INCIDENT_LENGTH = 50, 500
MOST = 2**63 - 1  # of a count of bytes or files
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
Kind = TypeVar("Kind", bound=StrEnum)


@bp.post("/machine-tokens")
@public("a machine proves its right with the activation key and its own fingerprint")
def make_machine_token() -> Response:
    """``{"key", "fingerprint"}`` of an activated machine → 201 ``{"machine", "token"}``.

    The token is shown this once, and the one before stops working. 404 NOT_FOUND or NOT_ACTIVATED, 410
    EXPIRED or REVOKED, 422 MALFORMED_KEY or INVALID, 429 TOO_MANY.
    """
    body = read_object()
    typed, fingerprint = read_text(body, "key", 64), read_text(body, "fingerprint", 64)
    set_scope(EVERYTHING)  # the key says whose it is
    key, activation = find_key_on(typed, fingerprint)
    check_pace(key)
    check_works(key)
    query = db.select(Machine).where(Machine.activation_id == (activation.id if activation else None))
    machine = db.session.scalars(query).one_or_none()
    if machine is None:
        raise not_activated()
    token = machine.new_token()
    db.session.commit()
    return make_response(jsonify(machine=machine.uid, token=token), 201)


@bp.post("/backup-reports")
@public("a machine proves its right with its token, in the Authorization header")
def report_backup() -> Response:
    """The result of a run → 201 ``{"report"}``; the same run again gives the same answer.

    401 UNKNOWN_TOKEN, 409 RUN_CHANGED, 410 EXPIRED or REVOKED, 422 INVALID, 429 TOO_MANY.
    """
    machine = find_machine(_bearer())
    set_scope(machine.org_path)
    run, is_new = receive_report(machine, _report(read_object()))
    db.session.commit()
    response = make_response(jsonify(report=run.uid), 201)
    if not is_new:
        response.headers["Idempotent-Replay"] = "true"
    return response


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _report(body: dict[str, Any]) -> Report:
    outcome = _choice(body, "outcome", Outcome)
    trouble = _choice(body, "trouble", Trouble)
    if trouble and outcome != Outcome.FAILED:
        raise PortalError("trouble: only a failed run has one", field="trouble")
    texts = _texts(body)
    return Report(
        run_id=read_text(body, "run_id", 64),
        started_at=_instant(body, "started_at"),
        ended_at=_instant(body, "ended_at"),
        outcome=outcome,
        trouble=trouble,
        source_bytes=_count(body, "source_bytes"),
        added_bytes=_count(body, "added_bytes"),
        files_new=_count(body, "files_new"),
        files_changed=_count(body, "files_changed"),
        files_total=_count(body, "files_total"),
        incidents=_incidents(body, texts),
        texts=texts,
        snapshot_id=read_text(body, "snapshot_id", 64, needed=False),
        client_version=read_text(body, "client_version", 40),
    )


def _choice(body: dict[str, Any], name: str, kind: type[Kind]) -> Kind:
    value = body.get(name, "")
    if not isinstance(value, str) or value not in set(kind):
        choices = ", ".join(member.value for member in kind if member.value)
        raise PortalError(f"{name}: one of {choices} is needed", field=name)
    return kind(value)


def _count(body: dict[str, Any], name: str, most: int = MOST) -> int:
    value = body.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise PortalError(f"{name}: an integer from 0 to {most} is needed", field=name)
    return value


def _instant(body: dict[str, Any], name: str) -> datetime:
    """An instant such as ``2026-11-23T02:00:00Z``; the zone is told and is UTC."""
    try:
        value = datetime.fromisoformat(read_text(body, name, 40))
    except ValueError as error:
        raise PortalError(f"{name}: not an ISO 8601 instant", field=name) from error
    if value.utcoffset() != timedelta(0) or value < _BEGINNING:
        raise PortalError(f"{name}: an instant in UTC is needed, such as 2026-11-23T02:00:00Z", field=name)
    return value.astimezone(UTC)


def _texts(body: dict[str, Any]) -> tuple[str, ...]:
    found = body.get("incident_texts", [])
    if not isinstance(found, list) or len(found) > INCIDENTS:
        raise PortalError(
            f"incident_texts: a list of at most {INCIDENTS} texts is needed", field="incident_texts"
        )
    return tuple(read_text({"incident_texts": text}, "incident_texts", INCIDENT_LENGTH) for text in found)


def _incidents(body: dict[str, Any], texts: tuple[str, ...]) -> int:
    """How many there were: as many as texts, unless the client counted more."""
    count = _count({"incidents": body.get("incidents", len(texts))}, "incidents", 10**6)
    if count < len(texts):
        raise PortalError("incidents: fewer than incident_texts", field="incidents")
    return count
