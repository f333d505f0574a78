"""What only staff knows: the keys of a contract's values, and the codes that an editor's notes begin with."""

import re

from portal.terms.vocabulary import KEYS

_WORD = re.compile(r"\b[a-z_0-9]+\.[a-z_0-9]+(?:\.[a-z_0-9]+)*\b")
_NOTE = re.compile(r"\b[AL]\d{1,2}\s?:\s[^.]{0,40}")


def codes_in(text: str) -> set[str]:
    """Keys and codes in the words that somebody reads."""
    return {each for each in _WORD.findall(text) if each in KEYS} | set(_NOTE.findall(text))
