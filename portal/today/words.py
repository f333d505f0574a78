"""Until when, in words."""

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from portal import clock
from portal.i18n import day, short_instant
from portal.today.kinds import SOON, Todo


def due_words(todo: Todo) -> str | Markup:
    """Late since, today with its hour, in some days, or the day itself; "" where nothing says until when."""
    if todo.due_on is None:
        return ""
    left = (todo.due_on - clock.today()).days
    if left < 0:
        words = ngettext("en retard de %(num)d jour", "en retard de %(num)d jours", -left)
    elif left == 0:
        words = _("aujourd'hui")
    elif left <= SOON:
        words = ngettext("dans %(num)d jour", "dans %(num)d jours", left)
    else:
        return day(todo.due_on)
    exact = short_instant(todo.due) if isinstance(todo.due, datetime) else day(todo.due_on)
    return Markup('<b>{}</b><br><span class="small">{}</span>').format(words, exact)
