"""French sentences in modules that must not know Flask: marked for translation, or kept with their values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


def N_(sentence: str) -> str:
    """Return ``sentence`` unchanged; the mark lets ``pybabel extract`` find it."""
    return sentence


@dataclass(frozen=True, slots=True)
class Sentence:
    """A French sentence and what stands in it: text, numbers, days, and amounts as :class:`Cents`.

    Kept apart so that a screen can say it in the reader's language; ``str()`` says it in French.
    """

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.template % {name: french(value) for name, value in self.values.items()}


def one_after_the_other(sentences: list[Sentence]) -> Sentence:
    """Sentences in a row, with a semicolon between; raises IndexError for none."""
    first, *rest = sentences
    for each in rest:
        first = Sentence(N_("%(first)s ; %(then)s"), {"first": first, "then": each})
    return first


class Word(str):
    """A word of ours that stands in a sentence and is translated with it."""

    __slots__ = ()


class Cents(int):
    """An amount of euro cents that stands in a sentence."""


class Rate(int):
    """Basis points that stand in a sentence as a percentage, without its sign."""


def french(value: object) -> object:
    """A value as it is written in French; text and numbers stay as they are."""
    if isinstance(value, Cents):
        euros = f"{abs(value) // 100:,}".replace(",", "\u202f")
        return f"{'−' if value < 0 else ''}{euros},{abs(value) % 100:02d}\u00a0€"
    if isinstance(value, Rate):
        return f"{value / 100:g}".replace(".", ",")
    if isinstance(value, Sentence):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else value
