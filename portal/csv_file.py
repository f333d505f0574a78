"""Tables as CSV for spreadsheets: semicolons, UTF-8 with a mark, formulas made harmless."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any

from flask import Response, stream_with_context

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(filename: str, head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Response:
    """Stream a table as an attachment; days as ISO dates."""
    answer = Response(stream_with_context(_lines(head, rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def euros(cents: int) -> str:
    """Cents as a spreadsheet of this country reads them: 123456 -> « 1234,56 »."""
    return f"{cents // 100},{cents % 100:02d}"


def share(value: float) -> str:
    """A share of one, with four decimals: 0.75 -> « 0,7500 »."""
    return f"{value:.4f}".replace(".", ",")


def _lines(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    out.write("\ufeff")
    for row in chain([head], rows):
        writer.writerow([_cell(value) for value in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
