"""Restores that somebody waits for."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.today import Cost, Kind, Todo, waits

_ACTED = {
    RestoreState.REQUESTED: _l("Restauration : la phrase secrète est attendue"),
    RestoreState.BROWSING: _l("Restauration : le fichier est à choisir"),
    RestoreState.DONE: _l("Restauration à vérifier avec le client"),
    RestoreState.CHECKED: _l("Restauration à facturer ou à classer"),
}


def _open() -> Select[tuple[RestoreRequest]]:
    query = RestoreRequest.visible_to(g.actor).where(RestoreRequest.state.in_(list(_ACTED)))
    return query.options(joinedload(RestoreRequest.customer))


waits(
    Kind(
        name="restore.act",
        label=_l("Restaurations en cours"),
        cost=Cost.DATA,
        permission=Permission.RESTORE_WORK,
        rows=_open,
        order=(RestoreRequest.id,),
        tell=lambda row: Todo(
            what=str(_ACTED[row.state]),
            who=row.customer.name,
            url=url_for("restore_requests.show_request", uid=row.uid),
            button=_("Continuer"),
            due=row.planned_on,
        ),
        everything=lambda: url_for("restore_requests.list_requests"),
        entry="restore_requests.list_requests",
    )
)
