"""The page of work, and the button that runs a failed task again."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation
from portal.db import Tenant, db
from portal.errors import Refused
from portal.jobs import Task, TaskState
from portal.journal import record
from portal.mail import UNDELIVERED, Mail
from portal.operations.state import living_workers, minutes_since, work_state
from portal.paging import Page, page_of
from portal.words.tasks import DUTIES, LANES, TASKS

bp = Blueprint("operations", __name__, url_prefix="/work")


@bp.get("")
@requires(Permission.JOB_READ)
def show_work() -> Response:
    """Lanes, workers, duties, what failed and what waits for somebody; rows of the actor's own tree."""
    lists = _lists()
    page = render_template(
        "operations/work.html",
        work=work_state(),
        **lists,
        owners=_owners([row for rows in lists.values() for row in rows]),
        workers=living_workers(),
        minutes_since=minutes_since,
        lanes=LANES,
        tasks=TASKS,
        duties=DUTIES,
    )
    return make_response(page)


def _lists() -> dict[str, Page[Any]]:
    """What needs somebody, or waits for better times, by its name in the page."""
    seen, mails = Task.visible_to(g.actor), Mail.visible_to(g.actor)
    wanted = {
        "failed": seen.where(Task.state == TaskState.FAILED),
        "waiting": seen.where(Task.state == TaskState.WAITING),
        "put_off": seen.where(Task.state == TaskState.QUEUED, Task.error != ""),
    }
    lists = {name: page_of(query, Task.id.desc(), name=name) for name, query in wanted.items()}
    undelivered = mails.where(Mail.state.in_(UNDELIVERED))
    return lists | {"undelivered": page_of(undelivered, Mail.id.desc(), name="undelivered")}


def _owners(rows: list[Tenant]) -> dict[int, str]:
    """Names of the organisations of these rows, by their id."""
    ids = {row.organisation_id for row in rows}
    found = db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return {each.id: each.name for each in found}


@bp.post("/tasks/<uid>/run")
@requires(Permission.JOB_RUN)
def run_again(uid: str) -> Response:
    """Put a task that failed, or waits, back into the queue; it goes on from its last step."""
    task = get_or_404(Task.visible_to(g.actor).with_for_update(), uid)
    if task.state not in {TaskState.FAILED, TaskState.WAITING}:
        raise Refused(_("Cette tâche n'a pas besoin d'être relancée."))
    jobs.resume(task.kind, task.ref)
    record(task, "run_again", by=g.actor, kind=task.kind)
    db.session.commit()
    return htmx.go(url_for(".show_work"), toast=_("La tâche est relancée."))
