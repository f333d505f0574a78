"""The free words of a mail: how it opens and how it closes, where a house says it in its own words.

All the rest of a mail is the template's: dates, amounts, accounts, clauses and addresses stand where they
stand, whatever is put before and after them. A template says of a sentence that it may be replaced with
``{{ free("opening", _("…")) }}``; where it does not, own words come before its text, or after it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal.errors import Refused
from portal.panels import Place
from portal.wording import N_

LONGEST = 600  # signs of an opening or a closing
PARTS = ("opening", "closing")
# What may stand in braces, in the language of the words, and which value takes its place.
HOLDERS: dict[str, dict[str, str]] = {
    "fr": {"client": "customer", "destinataire": "recipient", "marque": "brand", "support": "support"},
    "en": {"customer": "customer", "recipient": "recipient", "brand": "brand", "support": "support"},
}
_HOLDER = re.compile(r"\{\s*(\w+)\s*\}")
_TAG = re.compile(r"<\s*[a-zA-Z/!?]|&[a-zA-Z#][\w]*;")


@dataclass(frozen=True, slots=True)
class Words:
    """What a house says instead of the shipped words; "" for these."""

    opening: str = ""
    closing: str = ""


class Asked(NamedTuple):
    """Whose words: the organisation that a mail belongs to, the kind of mail, its language."""

    owner: Any
    kind: str
    language: str


own_words: Place[Any, Words] = Place()


def words_for(asked: Asked) -> Words:
    return next(iter(own_words.shown(asked)), Words())


def judge(text: str, language: str, field: str) -> str:
    """A text as it is kept: paragraphs of one line, an empty line between them.

    language: in which the names in braces are. Raises Refused, with the field, for one that is too long,
    holds HTML or a name that nothing takes the place of.
    """
    paragraphs = [" ".join(each.split()) for each in re.split(r"\n\s*\n", text.replace("\r", ""))]
    text = "\n\n".join(filter(None, paragraphs))
    if len(text) > LONGEST:
        raise Refused(N_("%(n)d signes au plus ; il y en a %(has)d."), field=field, n=LONGEST, has=len(text))
    if _TAG.search(text):
        raise Refused(N_("Du texte seul : ni balise ni code HTML."), field=field)
    known = HOLDERS[language]
    for name in _HOLDER.findall(text):
        if name not in known:
            raise Refused(
                N_("« %(name)s » n'est pas un mot entre accolades que le portail remplace."),
                field=field,
                name=f"{{{name[:40]}}}",
            )
    if re.search(r"[{}]", _HOLDER.sub("", text)):
        raise Refused(
            N_("Une accolade est seule : écrivez par exemple %(name)s."),
            field=field,
            name=f"{{{next(reversed(known))}}}",
        )
    return text


class Free:
    """What a template calls at its free sentences; afterwards ``shipped`` holds those that it has."""

    def __init__(self, words: Words, language: str, values: Mapping[str, str]) -> None:
        self._words, self._language, self._values = words, language, values
        self.shipped: dict[str, str] = {}

    def __call__(self, part: str, shipped: str) -> str:
        self.shipped[part] = shipped
        return self._own(part) or shipped

    def around(self, body: str) -> str:
        """The text of a template with the words that it has no place for."""
        first, last = ("" if part in self.shipped else self._own(part) for part in PARTS)
        return "\n\n".join(filter(None, (first, body, last)))

    def _own(self, part: str) -> str:
        known = HOLDERS[self._language]
        text: str = getattr(self._words, part)
        return _HOLDER.sub(lambda found: self._values.get(known.get(found[1], ""), ""), text)
