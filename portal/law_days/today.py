"""What waits: a change that comes, and the letters about it."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.law_days.models import LawDay, LawDayState
from portal.law_days.words import name_of
from portal.today import Cost, Kind, Todo, waits


def _tell(row: LawDay) -> Todo:
    concerned, lettered = row.counts()
    who = _("%(concerned)d contrats, %(lettered)d lettres écrites", concerned=concerned, lettered=lettered)
    page = url_for("law_days.show_day", uid=row.uid)
    return Todo(what=name_of(row), who=who, url=page, button=_("Comparer"), due=row.day)


waits(
    Kind(
        name="law_days.day",
        label=_l("Changements de la loi ou des conditions"),
        cost=Cost.RIGHT,
        permission=Permission.TERMS_WRITE,
        rows=lambda: LawDay.visible_to(g.actor).where(LawDay.state == LawDayState.COMING),
        order=(LawDay.day, LawDay.id),
        tell=_tell,
        everything=lambda: url_for("law_days.list_days"),
        entry="terms.list_documents",
    )
)
