"""The month here beside the month of the former system: lines put side by side, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    EQUAL = "month_equal"
    DIFFERENT = "month_different"
    ONLY_THERE = "month_only_there"  # the former system bills it, the portal would not
    ONLY_HERE = "month_only_here"


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One billed line, in cents. vat_cents: None where the former system does not tell it."""

    label: str
    net_cents: int
    vat_cents: int | None
    gross_cents: int

    @property
    def amounts(self) -> tuple[int, int | None, int]:
        return self.net_cents, self.vat_cents, self.gross_cents

    def is_like(self, other: "MonthLine") -> bool:
        """The same amounts; VAT that is not told differs from none."""
        vats = {self.vat_cents, other.vat_cents} - {None}
        return self.net_cents == other.net_cents and self.gross_cents == other.gross_cents and len(vats) < 2


@dataclass(frozen=True, slots=True)
class Pair:
    here: MonthLine | None
    there: MonthLine | None

    @property
    def verdict(self) -> Verdict:
        if self.here is None:
            return Verdict.ONLY_THERE
        if self.there is None:
            return Verdict.ONLY_HERE
        return Verdict.EQUAL if self.here.is_like(self.there) else Verdict.DIFFERENT

    @property
    def difference_cents(self) -> int:
        """By how much the portal would bill more, VAT included."""
        return (self.here.gross_cents if self.here else 0) - (self.there.gross_cents if self.there else 0)


def compare(here: Sequence[MonthLine], there: Sequence[MonthLine]) -> list[Pair]:
    """The lines of one customer in pairs: those of equal amounts first, then the nearest total, then what is
    left alone. Labels decide between equals; two systems word them differently, so they decide nothing else.
    """
    left, right = list(here), list(there)
    pairs: list[Pair] = []
    for same_label in (True, False):
        for line in list(left):
            found = (
                each for each in right if each.is_like(line) and (not same_label or each.label == line.label)
            )
            other = next(found, None)
            if other is not None:
                pairs.append(Pair(line, other))
                left.remove(line)
                right.remove(other)
    while left and right:
        line, other = min(
            ((one, two) for one in left for two in right),
            key=lambda both: abs(both[0].gross_cents - both[1].gross_cents),
        )
        pairs.append(Pair(line, other))
        left.remove(line)
        right.remove(other)
    return pairs + [Pair(line, None) for line in left] + [Pair(None, line) for line in right]
