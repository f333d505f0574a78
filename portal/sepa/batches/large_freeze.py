"""A freeze of many debits, as a task: a request would have to wait for it."""

from datetime import date
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock, jobs
from portal.accounts.models import User
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.errors import Conflict
from portal.jobs import Task, TaskState
from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Collection, freeze_batches
from portal.sepa.models.freezing import due_collections

FREEZE = "sepa.freeze"
AT_ONCE = 2_000  # debits, frozen in well under a second
_FROZEN = "frozen"
_WORKING = (TaskState.QUEUED, TaskState.RUNNING)


def due_count(entity: LegalEntity, scheme: Scheme, through: date) -> int:
    """How many debits a freeze would have to judge."""
    query = due_collections(entity, scheme, through).order_by(None).options()
    return int(db.session.scalar(query.with_only_columns(func.count(Collection.id))) or 0)


def ask_freeze(entity: LegalEntity, scheme: Scheme, through: date, *, total: int, by: User) -> None:
    """Have the debits due up to ``through`` frozen by a worker. Raises Conflict while one is at it."""
    db.session.refresh(entity, with_for_update=True)  # two people who ask at once wait for each other
    latest = latest_freeze(entity, scheme)
    if latest is not None and latest.state in _WORKING:
        raise Conflict(_("Un gel est déjà en cours pour ce créancier."))
    ref = f"{entity.uid}:{scheme}:{through.isoformat()}:{by.uid}:{new_uid()}"
    jobs.enqueue(FREEZE, ref, entity.organisation, total=total, unit="rows")


def latest_freeze(entity: LegalEntity, scheme: Scheme) -> Task | None:
    """The last freeze that was asked for, while it works, or failed today."""
    query = select(Task).where(Task.kind == FREEZE, Task.ref.startswith(f"{entity.uid}:{scheme}:"))
    task = db.session.scalars(query.order_by(Task.id.desc()).limit(1)).one_or_none()
    if task is None or task.state == TaskState.DONE:
        return None
    is_of_today = clock.paris_day(task.created_at) == clock.today()
    return task if task.state in _WORKING or is_of_today else None


@jobs.job(FREEZE)
def freeze_many(claim: jobs.Claim) -> None:
    """One transaction from the first debit to the last, as in a request; killed, nothing is frozen."""
    if claim.cursor == _FROZEN:
        return
    entity_uid, scheme, through, person_uid, _once = claim.ref.split(":")
    entity = db.session.scalars(select(LegalEntity).where(LegalEntity.uid == entity_uid)).one()
    set_scope(EVERYTHING)  # the person may stand above the creditor
    person: Any = db.session.scalars(select(User).where(User.uid == person_uid)).one()
    set_scope(claim.org_path)
    freeze_batches(entity, cast(Scheme, scheme), date.fromisoformat(through), person)
    claim.step(cursor=_FROZEN)
