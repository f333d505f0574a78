"""A provider with customers moves in: one workbook of the former system, checked whole, then taken in."""

import re
from pathlib import Path

from tests.workbooks import as_xlsx, rows_of
from tour.stage import Stage

CUSTOMERS = 300


def move_in(tour: Stage) -> Path:
    """The owner uploads the workbook, waits for the check, takes everything in and finds a customer."""
    rows = rows_of(CUSTOMERS, reseller="")
    rows["keys"] = []  # the offer that it names has none
    owner = tour.owner
    owner.visit("/moving")
    owner.send_form_of("/moving", files={"file": ("reprise.xlsx", as_xlsx(rows))})
    moving = owner.page.url.path
    tour.wait(owner, moving, r"/taking", 120)
    owner.send_form_of("/taking")
    page = tour.wait(owner, moving, r"/undo", 180)
    found = owner.visit("/customers?q=repris")
    if not re.search(r"Client repris \d+", found):
        raise RuntimeError("the customers that were taken in are not in the list")
    return tour.keep("4-moving.html", page)
