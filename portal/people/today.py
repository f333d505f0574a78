"""People who cannot get in and wait for a second person's word."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.people.recovery import FactorRecovery, RecoveryState
from portal.today import Cost, Kind, Todo, waits


def _to_answer() -> Select[tuple[FactorRecovery]]:
    query = FactorRecovery.visible_to(g.actor).where(FactorRecovery.state == RecoveryState.ASKED)
    mine = FactorRecovery.asked_by_id == g.actor.id, FactorRecovery.user_id == g.actor.id
    return query.where(~mine[0], ~mine[1]).options(joinedload(FactorRecovery.user))


waits(
    Kind(
        name="people.recovery",
        label=_l("Second facteur perdu : à accorder ou à refuser"),
        cost=Cost.PEOPLE,
        permission=Permission.PEOPLE_WRITE,
        rows=_to_answer,
        order=(FactorRecovery.id,),
        tell=lambda row: Todo(
            what=_("Second facteur perdu, demandé par %(who)s", who=row.asked_by),
            who=row.user.name,
            url=url_for("people.show_person", uid=row.user.uid),
            button=_("Répondre"),
            due=row.ends_at,
        ),
        everything=lambda: url_for("people.list_people"),
        entry="people.list_people",
    )
)
