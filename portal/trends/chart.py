"""Bars as SVG, drawn here: readable without a script and in print, told apart by pattern beside colour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 520, 120  # units of the drawing
_GAP = 0.25  # of a month's width, between two months
_LEAST = 1.5  # height of a bar that is more than nothing


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it stands, and what it says in words."""

    x: float
    y: float
    width: float
    height: float
    series: int
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    values: Sequence[int | float | None]  # None: nobody knows it


def bars(months: Sequence[str], series: Sequence[Series], said: Callable[[float], str]) -> list[Bar]:
    """Bars of one or more series beside each other, from a common zero.

    said: a value in words, such as an amount.
    """
    highest = max((value or 0 for each in series for value in each.values), default=0) or 1
    slot = WIDTH / max(len(months), 1)
    width = slot * (1 - _GAP) / len(series)
    return [
        _bar(slot * place + slot * _GAP / 2 + width * number, width, value / highest, number, words)
        for number, each in enumerate(series)
        for place, value in enumerate(each.values)
        if value is not None
        for words in [f"{months[place]}, {each.label} : {said(value)}"]
    ]


def _bar(x: float, width: float, share: float, number: int, words: str) -> Bar:
    height = max(share * HEIGHT, _LEAST) if share else 0
    return Bar(round(x, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1), number, words)
