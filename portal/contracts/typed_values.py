"""How a form asks for one value of a contract: flags and choices are picked, everything else is typed."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice

from portal.terms.vocabulary import KEYS


def value_choices(key: str) -> list[SelectChoice]:
    entry = KEYS.get(key)
    if entry is None:
        return []
    if entry.unit == "flag":
        return [SelectChoice("yes", _l("oui")), SelectChoice("no", _l("non"))]
    return [SelectChoice(each, each) for each in sorted(entry.choices)] if entry.unit == "choice" else []
