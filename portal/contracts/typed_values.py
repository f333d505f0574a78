"""How a form asks for one value of a contract: flags and choices are picked, everything else is typed."""

from collections.abc import Collection
from unicodedata import combining, normalize

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice

from portal.terms.vocabulary import KEYS
from portal.words.term_keys import term_name
from portal.words.value_words import value_word


def value_choices(key: str) -> list[SelectChoice]:
    entry = KEYS.get(key)
    if entry is None:
        return []
    if entry.unit == "flag":
        return [SelectChoice("yes", _l("oui")), SelectChoice("no", _l("non"))]
    if entry.unit != "choice":
        return []
    return [SelectChoice(each, value_word(key, each)) for each in sorted(entry.choices)]


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
