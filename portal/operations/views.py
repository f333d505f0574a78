"""The page of work, and the button that runs a failed task again."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation
from portal.db import db
from portal.errors import Refused
from portal.jobs import Task, TaskState
from portal.journal import record
from portal.operations.state import living_workers, minutes_since, work_state
from portal.paging import page_of
from portal.words.tasks import DUTIES, LANES, TASKS

bp = Blueprint("operations", __name__, url_prefix="/work")


@bp.get("")
@requires(Permission.JOB_READ)
def show_work() -> Response:
    """Lanes, workers, duties, what failed and what waits for somebody; rows of the actor's own tree."""
    seen = Task.visible_to(g.actor)
    failed = page_of(seen.where(Task.state == TaskState.FAILED), Task.id.desc(), name="failed")
    waiting = page_of(seen.where(Task.state == TaskState.WAITING), Task.id.desc(), name="waiting")
    put_off = page_of(
        seen.where(Task.state == TaskState.QUEUED, Task.error != ""), Task.id.desc(), name="put_off"
    )
    page = render_template(
        "operations/work.html",
        work=work_state(),
        failed=failed,
        waiting=waiting,
        put_off=put_off,
        owners=_owners([*failed, *waiting, *put_off]),
        workers=living_workers(),
        minutes_since=minutes_since,
        lanes=LANES,
        tasks=TASKS,
        duties=DUTIES,
    )
    return make_response(page)


def _owners(tasks: list[Task]) -> dict[int, str]:
    """Names of the organisations of these tasks, by their id."""
    ids = {task.organisation_id for task in tasks}
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
