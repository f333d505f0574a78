"""One's own calendar."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.access import Role
from portal.first_steps import Step, first_step, some_of
from portal.today.models import CalendarFeed

first_step(
    Step(
        name="calendar",
        rank=60,
        role=Role.OWNER,
        label=_l("Recevoir les échéances dans votre calendrier"),
        url=lambda: url_for("today.show_feed"),
        is_done=lambda: some_of(select(CalendarFeed).where(CalendarFeed.user_id == g.actor.id)),
        guide="around",
    )
)
