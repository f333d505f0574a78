"""The mark of whom the reader knows, beside the issuer of a document and never in its place."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from portal.pdf.style import HEIGHT, WIDTH, WINDOW_LEFT, paragraph

_MOST = (600, 180)  # points of a picture in width and in height: 300 to the inch at its largest
_WIDE, _HIGH, _TOP = 50 * mm, 12 * mm, 15 * mm


@dataclass(frozen=True, slots=True)
class Mark:
    """A name, the lines under it, the public id of the logo's document, and that logo as PNG.

    Where a document is frozen and printed later, only the id is kept: the picture comes with the print.
    """

    name: str
    lines: tuple[str, ...] = ()
    logo: str = ""
    picture: bytes = b""

    def as_values(self) -> list[str]:
        return [self.logo, self.name, *self.lines]

    @classmethod
    def of(cls, values: list[str]) -> "Mark":
        return cls(values[1], tuple(values[2:]), values[0])


def for_print(picture: bytes) -> bytes:
    """The same picture, no finer than paper shows: a document carries it once for each customer."""
    with Image.open(io.BytesIO(picture), formats=["PNG"]) as image:
        small = image.convert("RGBA")
    small.thumbnail(_MOST)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def draw(canvas: Canvas, mark: Mark) -> None:
    """On the right of the issuer, above the window of the envelope."""
    y = HEIGHT - _TOP
    if mark.picture:
        image = ImageReader(io.BytesIO(mark.picture))
        width, height = image.getSize()
        scale = min(_WIDE / width, _HIGH / height)
        y -= height * scale
        canvas.drawImage(image, WINDOW_LEFT, y, width * scale, height * scale, mask="auto")
        y -= 1.5 * mm
    block: list[Any] = [paragraph(mark.name, "strong")] if mark.name else []
    for flowable in block + [paragraph(line, "small") for line in mark.lines]:
        y -= flowable.wrap(WIDTH - WINDOW_LEFT - 20 * mm, HEIGHT)[1]
        flowable.drawOn(canvas, WINDOW_LEFT, y)
