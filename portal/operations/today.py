"""Tasks that have failed for good."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal.access import Permission
from portal.jobs import Task, TaskState
from portal.today import Cost, Kind, Todo, waits


def _failed() -> Select[tuple[Task]]:
    return Task.visible_to(g.actor).where(Task.state == TaskState.FAILED)


waits(
    Kind(
        name="task.failed",
        label=_l("Tâches en échec"),
        cost=Cost.PEOPLE,
        permission=Permission.JOB_RUN,
        rows=_failed,
        order=(Task.id,),
        tell=lambda row: Todo(
            what=_("Tâche en échec : %(why)s", why=row.error or row.kind),
            who=row.kind,
            url=url_for("operations.show_work"),
            button=_("Relancer"),
        ),
        everything=lambda: url_for("operations.show_work"),
        entry="operations.show_work",
    )
)
