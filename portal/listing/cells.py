"""What stands in a cell of a list: a value that a page, a CSV file and a workbook each have to write.

Beside these: a ``date`` is a day, a ``datetime`` an instant, an ``int`` a number, a ``str`` words, None none.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from portal.clock import paris_day
from portal.csv_file import euros
from portal.words.states import look_of


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere, and a second line under them."""

    text: str
    url: str
    under: str = ""


@dataclass(frozen=True, slots=True)
class Pill:
    """A state, by the words, colour and icon that it has everywhere."""

    state: StrEnum | str


@dataclass(frozen=True, slots=True)
class Euros:
    """An amount, in cents; and a word on its taxes where not all of a column have the same."""

    cents: int
    tax: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many of something; a file holds the number alone."""

    number: int
    unit: str


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes."""

    bytes: int


Cell = Link | Pill | Euros | Quantity | Size | datetime | date | int | str | None


def kind_of(cell: Cell) -> str:
    """How a page writes it: the name of the macro's branch."""
    kinds: dict[type, str] = {Link: "link", Pill: "pill", Euros: "euros", Quantity: "quantity", Size: "size"}
    kinds |= {datetime: "instant", date: "day", int: "number"}
    return kinds.get(type(cell), "text")


def for_csv(cell: Cell) -> Any:
    """For :func:`portal.csv_file.csv_answer`: amounts as euros, days as ISO dates."""
    return euros(cell.cents) if isinstance(cell, Euros) else for_workbook(cell)


def for_workbook(cell: Cell) -> str | int | date | Decimal | None:
    """What a spreadsheet reckons with: euros as decimals, days as days of Paris, bytes as numbers."""
    match cell:
        case Link():
            return cell.text
        case Pill():
            return str(look_of(cell.state).word)
        case Euros():
            return Decimal(cell.cents) / 100
        case Quantity():
            return cell.number
        case Size():
            return cell.bytes
        case datetime():
            return paris_day(cell)
        case bool():
            return _("oui") if cell else _("non")
        case _:
            return cell
