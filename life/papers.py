"""Invoices, credit notes and pro-formas as somebody reads them who has only the paper."""

import io
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from life.place import Letter

_TOTAL = re.compile(r"Total TTC\s*([0-9\s]+,[0-9]{2})")
_NUMBER = re.compile(r"\b((?:FA|AV|PF|AC)-\d{4}-\d{6})\b")


@dataclass(frozen=True, slots=True)
class Paper:
    number: str
    cents: int  # VAT included; of a credit note, what it gives back
    on: date  # the day it came
    text: str

    @property
    def kind(self) -> str:
        """invoice, credit, proforma"""
        return {"FA": "invoice", "AV": "credit"}.get(self.number[:2], "proforma")


def read_paper(pdf: bytes, on: date) -> Paper:
    """Raises LookupError for one without a number or a total."""
    text = words_of(pdf)
    number, total = _NUMBER.search(text), _TOTAL.search(text)
    if number is None or total is None:
        raise LookupError(f"a paper without number or total: {text[:200]}")
    return Paper(number[1], int(re.sub(r"\D", "", total[1])), on, text)


def papers_in(letter: "Letter") -> list[Paper]:
    """What is attached and is an invoice, a credit note or a pro-forma."""
    found = []
    for _name, content in letter.files():
        with suppress(LookupError):
            found.append(read_paper(content, letter.on))
    return found


def one_page(words: str) -> bytes:
    """A document of somebody else."""
    page = io.BytesIO()
    canvas = Canvas(page)
    canvas.drawString(72, 720, words)
    canvas.save()
    return page.getvalue()


@cache
def words_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().replace("\u00a0", " ").replace("\u202f", " ")
