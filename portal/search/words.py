"""What is typed and what is kept, brought to one form: words, figures, addresses."""

import re
import unicodedata
from typing import Any

from sqlalchemy import and_

LONGEST = 40  # letters of a word that are kept
_MOST = 200  # of an address
_TERMS = 8  # that are looked up of one text
_BETWEEN = re.compile(r"[\W_]+")
_FIGURES = re.compile(r"\+?[0-9\s.\-/()]*[0-9][0-9\s.\-/()]*")
_NUMBER_WITHIN = re.compile(r"(?<![\w+])\+?[0-9](?:[\s.\-/()]*[0-9]){5,}(?!\w)")
_NO_FIGURE = re.compile(r"[^0-9]")
_NO_SIGN = re.compile(r"[^a-z0-9]")


def fold(text: str) -> str:
    """Search form of a name: no case, no accents, ``œ`` as ``oe``; the same on both databases."""
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().strip()


def words_of(text: str) -> list[str]:
    """Every word once, folded, in the order in which they stand."""
    parts = (part[:LONGEST] for part in _BETWEEN.split(fold(text)))
    return list(dict.fromkeys(part for part in parts if part))


def figures_of(text: str) -> str:
    """A SIREN or a telephone number as it is kept: figures alone, a French one with its 0."""
    text = text.strip()
    figures = _NO_FIGURE.sub("", text.replace("(0)", ""))
    if text.startswith("+33"):
        return "0" + figures[2:]
    if figures.startswith("0033") and len(figures) > 9:  # nine figures are a SIREN
        return "0" + figures[4:]
    return figures


def address_words(email: str) -> list[str]:
    """What an e-mail address is found by: from its beginning, and from its ``@`` on."""
    whole = fold(email)
    if "@" not in whole:
        return []
    return [f"@{whole}"[:_MOST], f"@{whole.rpartition('@')[2]}"[:_MOST]]


def sign_of(text: str) -> str:
    """A number such as ``FA-2026-000004`` without what stands between its signs: ``fa2026000004``."""
    return _NO_SIGN.sub("", fold(text))


def terms_of(text: str) -> list[str]:
    """What is looked up of a typed text: words, figures without blanks, addresses with an ``@`` before."""
    if _FIGURES.fullmatch(text.strip()):
        return [figures_of(text)]
    parts = text.split()
    found = ["@" + fold(part).lstrip("@") for part in parts if "@" in part and words_of(part)]
    rest = " ".join(part for part in parts if "@" not in part)
    found += [figures_of(number) for number in _NUMBER_WITHIN.findall(rest)]
    found += words_of(_NUMBER_WITHIN.sub(" ", rest))
    return list(dict.fromkeys(found))[:_TERMS]


def begins(column: Any, word: str) -> Any:
    """SQL condition as a range, which keeps its index on both engines."""
    return and_(column >= word, column < word + "\U0010ffff")
