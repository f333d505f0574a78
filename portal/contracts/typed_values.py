"""How a form asks for one value of a contract: flags, choices and lists are picked, the rest is typed."""

from collections.abc import Collection
from typing import Any
from unicodedata import combining, normalize

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField
from wtforms.validators import InputRequired

from portal.forms import TicksField
from portal.terms.shipped import documents
from portal.terms.stack import RANKING
from portal.terms.values import Value
from portal.terms.vocabulary import KEYS
from portal.words.term_keys import term_name
from portal.words.value_words import value_word

NEW_VALUE = _l("Nouvelle valeur")


def _choices(key: str) -> list[SelectChoice]:
    entry = KEYS.get(key)
    if entry is None:
        return []
    if entry.unit == "flag":
        return [SelectChoice("yes", _l("oui")), SelectChoice("no", _l("non"))]
    if entry.unit != "choice":
        return []
    return [SelectChoice(each, value_word(key, each)) for each in sorted(entry.choices)]


def _item_choices(key: str, present: Collection[str]) -> list[SelectChoice]:
    """What a list may hold, by its words, and what it holds; nothing where the order of its items counts."""
    entry = KEYS.get(key)
    if entry is None or entry.unit != "list" or key == RANKING:
        return []
    said = (document.values[key].value for document in documents().values() if key in document.values)
    items = entry.choices or {each for value in said for each in value}
    return [SelectChoice(each, value_word(key, each)) for each in sorted({*items, *present})]


def value_field(key: str, present: Value | None) -> Any:
    """The field in which the new value of a key is picked; None where it is typed. present: the old one."""
    if choices := _choices(key):
        return SelectField(NEW_VALUE, choices=choices)
    if items := _item_choices(key, present.value if present and present.unit == "list" else ()):
        return TicksField(NEW_VALUE, [InputRequired(_l("Choisissez-en au moins un."))], choices=items)
    return None


def as_typed(picked: str | list[str]) -> str:
    """What was picked, as somebody would type it."""
    return picked if isinstance(picked, str) else ", ".join(picked)


def key_choices(spoken: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """The values to choose from, each by name, its key behind: what the contract says, then the rest."""
    return {
        _("Dans ce contrat"): _named(spoken),
        _("Le contrat n'en dit rien"): _named(KEYS.keys() - set(spoken)),
    }


def _named(keys: Collection[str]) -> list[tuple[str, str]]:
    named = {key: term_name(key) for key in keys}
    return [(key, f"{named[key]} ({key})") for key in sorted(keys, key=lambda key: _in_order(named[key]))]


def _in_order(name: str) -> str:
    """Where a name stands in an alphabet that knows no accents."""
    return "".join(c for c in normalize("NFKD", name) if not combining(c)).casefold()
