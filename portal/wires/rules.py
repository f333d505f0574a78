"""What a transfer says it pays, and whether that is certain, as pure functions."""

import re
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?:(FA|PF)[^0-9A-Z]{0,3})?(?<![0-9])(20[0-9]{2})[^0-9A-Z]{0,3}((?:[0-9][^0-9A-Z]?){0,5}[0-9])(?![0-9])"
)
_NO_DIGIT = re.compile(r"[^0-9]")
_WHOLE = 6  # digits of a number; with fewer, only its letters tell it from a date or an amount
_SERIES = ("FA", "PF")
_MOST = 64  # readings of one text that are tried


class Owed(NamedTuple):
    """What may be paid: the rest of an open invoice or the whole of a pro-forma, in cents."""

    number: str
    rest_cents: int
    customer_id: int


def numbers_in(*texts: str) -> list[tuple[str, ...]]:
    """The numbers of invoices (FA) and pro-formas (PF) that a payer typed, each once, in their order.

    texts: as the bank gives them. Blanks, dashes and case do not matter; where the letters are missing, one
    number has two readings.

    Source: EPC115-06 (remittance information, up to 140 characters of the payer's own).
    """
    found: dict[tuple[str, ...], None] = {}
    for letters, year, typed in _NUMBER.findall(" ".join(texts).upper()):
        digits = _NO_DIGIT.sub("", typed)
        if letters or len(digits) == _WHOLE:
            series = (letters,) if letters else _SERIES
            found.setdefault(tuple(f"{each}-{year}-{int(digits):06d}" for each in series))
    return list(found)


def certain(amount_cents: int, readings: Sequence[Sequence[Owed]], tolerance_cents: int) -> list[Owed]:
    """What a transfer pays for certain; nothing where somebody has to look.

    readings: for each number of its text, what is open under it. tolerance_cents: what the issuer does not
    ask for again. Certain is one customer's one set of numbers whose rests add up to what came in.

    Source: C. civ. 1342-10 (the debtor says which debt he pays).
    """
    known = [each for each in readings if each]
    count = 1
    for each in known:
        count *= len(each)
    if not known or count > _MOST:
        return []
    sets = {frozenset(choice) for choice in product(*known)}
    fitting = [
        each for each in sets if abs(sum(o.rest_cents for o in each) - amount_cents) <= tolerance_cents
    ]
    if len(fitting) != 1 or len({owed.customer_id for owed in fitting[0]}) != 1:
        return []
    return sorted(fitting[0])
