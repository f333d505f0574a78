"""Tables as CSV for spreadsheets: semicolons, UTF-8 with a mark, formulas made harmless."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from io import SEEK_END
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response
from sqlalchemy import Select
from werkzeug.wsgi import FileWrapper

from portal.db import db

_FORMULA = re.compile(r"[\s\0-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_IN_MEMORY = 1024 * 1024  # bytes; a longer table lies on the disk
_AT_ONCE = 500  # rows


class Figure(str):
    """A number as the portal writes it: it may begin with a minus and is no formula."""

    __slots__ = ()


def csv_answer(filename: str, head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Response:
    """A table as an attachment; days as ISO dates.

    Every row is read here, while the session lives: whoever gets a table gets all of it, and an error while
    reading is an error page. However many rows there are, they take little memory.
    """

    def write(spool: IO[bytes]) -> None:
        for line in _lines(head, rows):
            spool.write(line.encode())

    return file_answer(filename, "text/csv", write)


def file_answer(filename: str, mimetype: str, write: Callable[[IO[bytes]], None]) -> Response:
    """What ``write`` writes, as an attachment; a long one lies on the disk meanwhile."""
    spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (a long one is closed with its answer)
    try:
        write(spool)
        length = spool.seek(0, SEEK_END)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    answer = Response(_whole(spool) if length <= _IN_MEMORY else FileWrapper(spool), mimetype=mimetype)
    answer.content_length = length
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def _whole(spool: "SpooledTemporaryFile[bytes]") -> bytes:
    with spool:
        return spool.read()


def rows_of(query: Select[Any]) -> Iterator[Any]:
    """The rows of a query for :func:`csv_answer`, fetched little by little."""
    return iter(db.session.execute(query.execution_options(yield_per=_AT_ONCE)))


def euros(cents: int) -> Figure:
    """Cents as a spreadsheet of this country reads them: 123456 -> « 1234,56 »."""
    whole, rest = divmod(abs(cents), 100)
    return Figure(f"{'-' if cents < 0 else ''}{whole},{rest:02d}")


def share(value: float) -> Figure:
    """A share of one, with four decimals: 0.75 -> « 0,7500 »."""
    return Figure(f"{value:.4f}".replace(".", ","))


def _lines(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    out.write("\ufeff")  # spreadsheets read UTF-8 only with this mark
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
    if isinstance(value, (int, float, Figure)):
        return text
    return f"'{text}" if _FORMULA.match(text) else text
