"""``flask sepa …``: what is due, freeze, export, release, from a shell or a scheduler.

Exit codes: 0 done, 1 refused (a sentence says why), 2 wrong usage. ``--json`` prints one object on one line,
for a refusal ``{"error": …}``.
"""

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy import func, select

from portal import jobs
from portal.access import Permission, holds
from portal.accounts.models import User, check_password, find_user
from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError
from portal.journal import SYSTEM
from portal.resellers.issuing import runs
from portal.sepa.commands import act_and_tell, creditor_named, sepa
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, BatchState, Collection, CollectionState, Mandate, freeze_batches
from portal.sepa.models.batch import EXPORT

_PATIENCE_SECONDS = 120  # for a file that a worker is making
_SCHEMES: tuple[Scheme, Scheme] = ("CORE", "B2B")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object."),
        click.option(
            "--on",
            type=click.DateTime(["%Y-%m-%d"]),
            required=True,
            help="Debits due up to this day, YYYY-MM-DD.",
        ),
        click.option("--creditor", required=True, help="Public id or ICS of the legal entity."),
    ):
        command = option(command)
    return command


@sepa.command()
@_options
def due(creditor: str, on: datetime, as_json: bool) -> None:
    """Announced debits by scheme and day; judges nothing."""

    def act() -> list[dict[str, Any]]:
        entity = creditor_named(creditor)
        query = (
            select(Mandate.scheme, Collection.due_on, func.count(), func.sum(Collection.amount_cents))
            .join(Mandate, Mandate.id == Collection.mandate_id)
            .where(Collection.legal_entity_id == entity.id, Collection.due_on <= on.date())
            .where(Collection.state == CollectionState.ANNOUNCED)
            .group_by(Mandate.scheme, Collection.due_on)
            .order_by(Collection.due_on, Mandate.scheme)
        )
        return [
            {"scheme": scheme, "due_on": day.isoformat(), "count": count, "total_cents": int(cents)}
            for scheme, day, count, cents in db.session.execute(query)
        ]

    act_and_tell(as_json, act)


@sepa.command()
@_options
@click.option("--scheme", type=click.Choice(_SCHEMES), default="CORE", show_default=True)
def freeze(creditor: str, on: datetime, as_json: bool, scheme: Scheme) -> None:
    """Freeze what is due; the worker, or « export », makes the file. The portal is the author."""

    def act() -> list[dict[str, Any]]:
        batches = freeze_batches(creditor_named(creditor), scheme, on.date(), SYSTEM)
        db.session.commit()
        return [_told(batch) for batch in batches]

    act_and_tell(as_json, act)


@sepa.command()
@_options
def export(creditor: str, on: datetime, as_json: bool) -> None:
    """Make the missing files of the batches frozen up to that day, here and now.

    Files that a worker has made meanwhile are told as well, and those that it is making are waited for.
    """

    def act() -> list[dict[str, Any]]:
        missing = [batch.uid for batch in _batches(creditor, on.date(), BatchState.FROZEN)]
        made = [batch.uid for batch in _batches(creditor, on.date(), BatchState.EXPORTED)]
        if not missing and not made:
            raise PortalError("Aucune remise figée n'attend son fichier.")
        uids = list(dict.fromkeys([*made, *missing]))
        for uid in missing:
            jobs.resume(EXPORT, uid)
        db.session.commit()
        while any(_is(uid, jobs.TaskState.QUEUED) for uid in missing) and jobs.run_one():
            pass
        _wait_for(missing)
        db.session.remove()
        with scope(EVERYTHING):
            rows = list(db.session.scalars(select(Batch).where(Batch.uid.in_(uids)).order_by(Batch.id)))
            for batch in rows:
                task = jobs.find_task(EXPORT, batch.uid)
                if batch.state == BatchState.FROZEN:
                    raise PortalError((task.error if task else "") or "Un autre processus fait ce fichier.")
            return [_told(batch) for batch in rows]

    act_and_tell(as_json, act)


@sepa.command()
@_options
@click.option("--by", "email", required=True, help="E-mail of the person who releases.")
@click.password_option(confirmation_prompt=False, help="Asked for; give none on the command line.")
def release(creditor: str, on: datetime, as_json: bool, email: str, password: str) -> None:
    """Agree, as the second person, with the batches frozen up to that day."""

    def act() -> list[dict[str, Any]]:
        person = _finance(email, password)
        batches = _batches(creditor, on.date(), BatchState.EXPORTED)
        if not batches:
            raise PortalError("Aucune remise n'attend d'être libérée.")
        for batch in batches:
            if not runs(person, batch.legal_entity):
                raise PortalError("Cette personne ne libère que les remises de sa maison.")
            batch.release(by=person)
        db.session.commit()
        return [_told(batch) for batch in batches]

    act_and_tell(as_json, act)


def _finance(email: str, password: str) -> User:
    user = find_user(email)
    if not check_password(user, password) or user is None:
        raise PortalError("Adresse ou mot de passe incorrect.")
    if not holds(user, Permission.BATCH_WRITE):
        raise PortalError("Cette personne ne peut pas libérer de remise.")
    return user


def _is(uid: str, state: jobs.TaskState) -> bool:
    """Is the file of a batch at this stage?"""
    with scope(EVERYTHING):
        task = jobs.find_task(EXPORT, uid)
        found = task is not None and task.state == state
        db.session.rollback()
    return found


def _wait_for(uids: list[str]) -> None:
    """Let a worker finish the files that it has begun, for a while."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while any(_is(uid, jobs.TaskState.RUNNING) for uid in uids) and time.monotonic() < ends_at:
        time.sleep(0.1)


def _batches(creditor: str, through: date, state: BatchState) -> list[Batch]:
    query = select(Batch).where(Batch.legal_entity_id == creditor_named(creditor).id, Batch.state == state)
    query = query.where(Batch.frozen_on <= through).order_by(Batch.id).with_for_update()
    return list(db.session.scalars(query))


def _told(batch: Batch) -> dict[str, Any]:
    return {
        "msg_id": batch.msg_id,
        "scheme": batch.scheme,
        "state": batch.state.value,
        "count": batch.count,
        "total_cents": batch.total_cents,
        "sha256": batch.sha256 or "",
    }
