"""Work beside the plan that somebody waits for."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.desk.models import WorkKind, WorkOrder, WorkState
from portal.today import Cost, Kind, Todo, waits
from portal.words.states import look_of

_BEFORE = (WorkState.OPEN, WorkState.ACCEPTED, WorkState.REFUSED, WorkState.PLANNED)
_AFTER = (WorkState.DONE, WorkState.CHECKED)  # of a restore, its request says so


def _open() -> Select[tuple[WorkOrder]]:
    told_elsewhere = (WorkKind.RESTORE, WorkKind.INCIDENT)
    after = WorkOrder.state.in_(_AFTER) & WorkOrder.kind.not_in(told_elsewhere)
    query = WorkOrder.visible_to(g.actor).where(or_(WorkOrder.state.in_(_BEFORE), after))
    return query.options(joinedload(WorkOrder.customer))


waits(
    Kind(
        name="work.act",
        label=_l("Interventions"),
        cost=Cost.DATA,
        permission=Permission.RESTORE_WORK,
        rows=_open,
        order=(WorkOrder.id,),
        tell=lambda row: Todo(
            what=_("%(what)s : %(state)s", what=row.what, state=look_of(row.state).word),
            who=row.customer.name,
            url=url_for("work_orders.show", uid=row.uid),
            button=_("Continuer"),
            due=clock.paris_day(row.planned_at) if row.planned_at else None,
        ),
        everything=lambda: url_for("restore_requests.list_requests"),
        entry="restore_requests.list_requests",
    )
)
