"""One typing mistake forgiven: a letter too many, too few, another one, or two that changed places.

A mistake leaves one half of a word as it was. Words are kept from their beginning and from their end, so that
an index gives those which share a half, on both databases, and only they are compared.
"""

from typing import Any

from sqlalchemy import func, select

from portal.db import db
from portal.search.words import begins

FEWEST = 5  # letters: a shorter word is near to too many
BACKWARDS = "<"  # before a word that is read from its end


def backwards(word: str) -> str:
    """As it is kept to be found by its end."""
    return BACKWARDS + word[::-1]


def may_be_mistyped(word: str) -> bool:
    """Is it a word of enough letters? Figures and addresses are taken as they are typed."""
    return len(word) >= FEWEST and word.isalpha()


def is_read_backwards(word: str) -> bool:
    """Is it kept to be found by its end too: a name, a SIREN, a telephone number?"""
    return len(word) >= FEWEST and (word.isalpha() or word.isdigit())


def is_near(typed: str, word: str) -> bool:
    """Is one mistake between what was typed and a word, or its beginning?"""
    length = len(typed)
    return any(_one_mistake(typed, word[:end]) for end in (length - 1, length, length + 1))


def _one_mistake(one: str, other: str) -> bool:
    at = 0
    while at < min(len(one), len(other)) and one[at] == other[at]:
        at += 1
    mine, theirs = one[at:], other[at:]
    swapped = mine[:2] == theirs[:2][::-1] and mine[2:] == theirs[2:]
    return swapped or mine[1:] == theirs[1:] or mine == theirs[1:] or mine[1:] == theirs


def words_near(typed: str, column: Any, *narrower: Any) -> list[str]:
    """The words of a column that are one mistake away from a typed one; those that more records have first.

    narrower: conditions on the rows of the column.
    """
    half = (len(typed) - 1) // 2
    counted: dict[str, int] = {}
    for start in (typed[:half], backwards(typed[half + 1 :])):
        rows = select(column, func.count()).where(begins(column, start), *narrower).group_by(column)
        for word, count in db.session.execute(rows):
            known = word[:0:-1] if word.startswith(BACKWARDS) else word
            if known.isalpha() and is_near(typed, known):
                counted[known] = count
    return sorted(counted, key=lambda word: (abs(len(word) - len(typed)) > 1, -counted[word], word))
