"""A freeze of many debits, as a task: some thousands in each transaction, and nothing seen before the last.

Killed, it goes on at its cursor. Where the bank's day has changed meanwhile, what was judged for another
day is given back and judged anew; whoever may freeze can also give it up.
"""

from dataclasses import dataclass
from datetime import date
from typing import Self, cast

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock, jobs
from portal.access import GRANTS, Permission
from portal.accounts.models import User
from portal.actor import Actor
from portal.db import EVERYTHING, db, new_uid, scope
from portal.errors import Conflict, Refused
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM, record
from portal.mail import link, queue_mail
from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, BatchState, Collection
from portal.sepa.models.freezing import (
    Place,
    batches_in_making,
    begin,
    complete,
    due_collections,
    give_back_next,
    join_next,
    judged_on,
    lock_creditor,
)

FREEZE = "sepa.freeze"
AT_ONCE = 2_000  # debits, frozen in well under a second
_FROZEN, _NOTHING, _ANEW = "frozen", "nothing", "anew"  # cursors beside the places
_PORTAL = "portal"  # in a reference, instead of a person
_WORKING = (TaskState.QUEUED, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class _Order:
    """Who wants what frozen, as the reference of the task says."""

    entity: LegalEntity
    scheme: Scheme
    through: date
    by: Actor

    @classmethod
    def of(cls, ref: str) -> Self:
        entity_uid, scheme, through, person_uid, _once = ref.split(":")
        entity = db.session.scalars(select(LegalEntity).where(LegalEntity.uid == entity_uid)).one()
        by: Actor = SYSTEM
        if person_uid != _PORTAL:
            with scope(EVERYTHING):  # the person may stand above the creditor
                by = db.session.scalars(select(User).where(User.uid == person_uid)).one()
        return cls(entity, cast(Scheme, scheme), date.fromisoformat(through), by)


def due_count(entity: LegalEntity, scheme: Scheme, through: date) -> int:
    """How many debits a freeze would have to judge."""
    query = due_collections(entity, scheme, through).order_by(None).options()
    return int(db.session.scalar(query.with_only_columns(func.count(Collection.id))) or 0)


def ask_freeze(entity: LegalEntity, scheme: Scheme, through: date, *, total: int, by: Actor) -> None:
    """Have the debits due up to ``through`` frozen by a worker. Raises Conflict while one is at it."""
    lock_creditor(entity)  # two people who ask at once wait for each other
    latest = latest_freeze(entity, scheme)
    if batches_in_making(entity, scheme) or (latest is not None and latest.state in _WORKING):
        raise Conflict(_("Un gel est déjà en cours pour ce créancier."))
    ref = f"{entity.uid}:{scheme}:{through.isoformat()}:{getattr(by, 'uid', _PORTAL)}:{new_uid()}"
    jobs.enqueue(FREEZE, ref, entity.organisation, total=total, unit="rows")


def latest_freeze(entity: LegalEntity, scheme: Scheme) -> Task | None:
    """The last freeze that was asked for, while it works, or holds debits, or failed today."""
    query = select(Task).where(Task.kind == FREEZE, Task.ref.startswith(f"{entity.uid}:{scheme}:"))
    task = db.session.scalars(query.order_by(Task.id.desc()).limit(1)).one_or_none()
    if task is None or task.state == TaskState.DONE:
        return None
    is_of_today = clock.paris_day(task.created_at) == clock.today()
    return task if task.state in _WORKING or is_of_today or batches_in_making(entity, scheme) else None


def give_up_freeze(task: Task, *, by: Actor) -> None:
    """Have everything that a freeze has joined given back; its task does so, also when it had failed.

    Raises Refused for a freeze that has come to its end.
    """
    order = _Order.of(task.ref)
    lock_creditor(order.entity)
    db.session.refresh(task)
    batches = batches_in_making(order.entity, order.scheme)
    if task.state == TaskState.DONE or (task.state == TaskState.FAILED and not batches):
        raise Refused(_("Ce gel est terminé : c'est la remise qui s'annule."))
    if not batches:
        begin(order.entity, order.scheme, by)
        batches = batches_in_making(order.entity, order.scheme)
    for batch in batches:
        if batch.can("give_up"):
            batch.give_up(by=by)
    record(order.entity, "give_up_freeze", by=by)
    jobs.resume(FREEZE, task.ref)


@jobs.job(FREEZE)
def freeze_many(claim: jobs.Claim) -> None:
    """Step by step until it is whole, or given back."""
    cursor = claim.cursor
    while cursor != _FROZEN:
        lock_creditor((order := _Order.of(claim.ref)).entity)
        cursor = _advance(order, cursor)
        rows = sum(batch.count for batch in batches_in_making(order.entity, order.scheme))
        claim.step(cursor=cursor, done=rows)
        if cursor == _NOTHING:
            raise Refused(_("Aucun prélèvement à remettre jusqu'à cette date."))


def _advance(order: _Order, cursor: str) -> str:
    """One transaction's worth; the cursor behind it."""
    entity, scheme = order.entity, order.scheme
    batches = batches_in_making(entity, scheme)
    if any(batch.state == BatchState.GIVING_BACK for batch in batches):
        if give_back_next(entity, scheme):
            return cursor
        return "" if cursor == _ANEW else _FROZEN
    if not batches:
        return str(begin(entity, scheme, order.by))
    place = Place.of(cursor)
    if place.judged_on != judged_on(entity):
        for batch in batches:
            batch.give_up(by=SYSTEM)
        return _ANEW
    if further := join_next(entity, scheme, order.through, place):
        return str(further)
    made = complete(entity, scheme, order.by)
    if order.by is SYSTEM:
        tell_finance(entity, made)
    return _FROZEN if made else _NOTHING


def tell_finance(entity: LegalEntity, batches: list[Batch]) -> None:
    """The portal has frozen by itself: somebody of the house has to read it."""
    roles = GRANTS[Permission.BATCH_WRITE]
    query = select(User).where(User.organisation_id == entity.organisation_id, User.role.in_(roles))
    people = list(db.session.scalars(query.where(User.works())))
    for batch in batches:
        for user in people:
            queue_mail(
                user,
                "sepa/mail_frozen.txt",
                about=batch,
                owner=entity.organisation,
                language=user.language or "fr",
                batch=batch,
                entity=entity,
                url=link(f"/sepa/batches/{batch.uid}"),
            )
