"""States of changes of law and of data protection."""

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

DATA_STATES: dict[str, Look] = {
    "law_day_coming": Look(_l("à venir"), "wait", "hourglass-split"),
    "law_day_closed": Look(_l("passé"), "plain", "check-circle"),
}
