"""French is the source language: its sentences need no translation, only the spaces that print wants."""

import re
from collections.abc import Container

from babel.support import NullTranslations

NARROW, FULL = "\u202f", "\u00a0"


def typeset(sentence: str) -> str:
    """No-break spaces: narrow before ; ! ?, full before : and inside guillemets."""
    sentence = re.sub(r" ([;!?])", NARROW + r"\1", sentence)
    sentence = re.sub(r" (:|»)", FULL + r"\1", sentence)
    return sentence.replace("« ", "«" + FULL)


class French(NullTranslations):
    """Answers the portal's own sentences typeset, before any value stands in them; all other text as it is.

    A sentence is ours when the English catalogue knows it: what a person typed passes unchanged.
    """

    def __init__(self, known: Container[object]) -> None:
        super().__init__()
        self.known = known
        self.kept: dict[str, str] = {}

    def gettext(self, message: str) -> str:
        ours = message in self.known or (message, 0) in self.known
        return self._typeset(message) if ours else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Zero and one are singular in French."""
        chosen = msgid2 if n > 1 else msgid1
        return self._typeset(chosen) if (msgid1, 0) in self.known else chosen

    ugettext, ungettext = gettext, ngettext

    def _typeset(self, sentence: str) -> str:
        if sentence not in self.kept:
            self.kept[sentence] = typeset(sentence)
        return self.kept[sentence]
