"""The same write sent twice is done once: its answer is kept for a day under the key that the sender chose.

The key is taken in the transaction of the act itself, so that either both are there or neither is. A refusal
keeps nothing: what was wrong may be sent again, set right, under the same key.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, g, request
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.crypto.secrets import Sealed
from portal.db import Tenant, commits, db
from portal.errors import Conflict, PortalError
from portal.wording import N_

KEPT_FOR = timedelta(hours=24)
DRY_RUN = "dry-run"
KEY = re.compile(r"[\x21-\x7e]{1,64}")
View = TypeVar("View", bound=Callable[..., Any])


class PartnerAnswer(Tenant, db.Model):
    """What one write answered, sealed: it may name people."""

    __tablename__ = "partner_answer"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    key: Mapped[str] = mapped_column(String(64))
    asked: Mapped[str] = mapped_column(String(64))  # SHA-256 of method, address and body
    status: Mapped[int] = mapped_column(default=0)  # 0 inside the transaction that does it
    body_sealed: Mapped[str] = mapped_column(Text, default="")
    body = Sealed()


class OtherBody(PortalError):
    """The key has served for something else."""

    code = "key_reused"


class BadKey(PortalError):
    code, status = "key_missing", 400


def once(view: View) -> View:
    """Do what the key of the request asks for once; with ``Prefer: dry-run`` do it, and undo it whole."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        key = _key()
        if is_dry_run():
            return _tried(view(*args, **kwargs))
        kept = _known(key)
        return kept if kept is not None else _done(key, lambda: view(*args, **kwargs))

    return answered  # type: ignore[return-value]


def is_dry_run() -> bool:
    wishes = request.headers.get("Prefer", "").lower().split(",")
    return DRY_RUN in (wish.partition(";")[0].strip() for wish in wishes)


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise BadKey(N_("L'en-tête Idempotency-Key manque, ou n'a pas 1 à 64 signes ASCII visibles."))
    return key


def _asked() -> str:
    whole = f"{request.method} {request.full_path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(whole).hexdigest()


def _query(key: str) -> Any:
    return select(PartnerAnswer).where(PartnerAnswer.user_id == g.actor.id, PartnerAnswer.key == key)


def _known(key: str) -> Response | None:
    """The answer that this key has already; one that is too old is forgotten.

    Raises OtherBody where the key came with something else.
    """
    row = db.session.scalars(_query(key)).one_or_none()
    if row is None:
        return None
    if row.created_at <= clock.now() - KEPT_FOR:
        db.session.execute(delete(PartnerAnswer).where(PartnerAnswer.id == row.id))
        return None
    if row.asked != _asked():
        raise OtherBody(N_("Cette Idempotency-Key a déjà servi pour une autre demande."))
    if row.status == 0:
        raise Conflict(N_("Cette demande est en cours : renvoyez-la dans un moment."))
    response = current_app.response_class(row.body, row.status, mimetype="application/json")
    response.headers["Idempotent-Replay"] = "true"
    if row.status == 201 and (location := json.loads(row.body).get("href")):
        response.headers["Location"] = location
    return response


@commits
def _done(key: str, act: Callable[[], Response]) -> Response:
    row = PartnerAnswer(organisation=g.actor.organisation, user_id=g.actor.id, key=key, asked=_asked())
    row.body = ""
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:  # the same one at this very moment, which has been first
        db.session.rollback()
        kept = _known(key)
        if kept is None:
            raise
        return kept
    response = act()
    row.status, row.body = response.status_code, response.get_data(as_text=True)
    db.session.commit()
    return response


def _tried(response: Response) -> Response:
    """Everything was checked and counted, and nothing is kept: no number, no mail, no line of the journal."""
    db.session.rollback()
    response.status_code = 200
    response.headers["Preference-Applied"] = DRY_RUN
    response.headers.pop("Location", None)
    return response


@jobs.periodic("partners.forget", jobs.hourly)
def forget() -> None:
    """Drop the answers that are older than a day."""
    db.session.execute(delete(PartnerAnswer).where(PartnerAnswer.created_at <= clock.now() - KEPT_FOR))
