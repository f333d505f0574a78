"""Tables that leave the portal as CSV files."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from flask import Response, make_response


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A table that a spreadsheet opens as it is; no cell can begin a formula."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in [heading, *rows]:
        cells = [str(cell) for cell in row]
        writer.writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell for cell in cells])
    response = make_response("\ufeff" + out.getvalue(), 200, {"Content-Type": "text/csv; charset=utf-8"})
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
