"""Type face, palette and measures of printed documents, and text made safe to print."""

import re
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

FONT_DIR = Path(__file__).resolve().parent.parent.parent / "static" / "vendor" / "fonts"
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"

rl_config.trustedHosts = []  # nothing is ever fetched while drawing
rl_config.trustedSchemes = []

WIDTH, HEIGHT = A4
MARGIN = 20 * mm
BODY = WIDTH - 2 * MARGIN
FOOT = 25 * mm
WINDOW_LEFT, WINDOW_TOP = 110 * mm, 48 * mm  # address window of a French DL envelope
FIRST_TOP = 92 * mm  # below the window

INK, ACCENT, MUTED = HexColor("#1b1f24"), HexColor("#1d4257"), HexColor("#5c6873")
RULE, TINT, GHOST = HexColor("#c9d2d9"), HexColor("#f2f5f7"), HexColor("#e8ecee")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_TEXT = ParagraphStyle("text", fontName=REGULAR, fontSize=8.5, leading=12, textColor=INK)
_STYLES = {
    "text": _TEXT,
    "small": ParagraphStyle("small", _TEXT, fontSize=7, leading=9.5, textColor=MUTED),
    "strong": ParagraphStyle("strong", _TEXT, fontName=BOLD),
    "figure": ParagraphStyle("figure", _TEXT, alignment=TA_RIGHT),
    "code": ParagraphStyle("code", _TEXT, fontSize=7.5),
    "label": ParagraphStyle("label", _TEXT, fontSize=7.5, textColor=MUTED),
    "head": ParagraphStyle("head", _TEXT, fontName=BOLD, fontSize=7.5, textColor=ACCENT),
    "heading": ParagraphStyle(
        "heading",
        _TEXT,
        fontName=BOLD,
        fontSize=9.5,
        leading=13,
        textColor=ACCENT,
        spaceAfter=4,
        keepWithNext=1,
    ),
    "title": ParagraphStyle(
        "title", _TEXT, fontName=BOLD, fontSize=16, leading=20, textColor=ACCENT, spaceAfter=10
    ),
}
_STYLES["head_right"] = ParagraphStyle("head_right", _STYLES["head"], alignment=TA_RIGHT)
_STYLES["total"] = ParagraphStyle("total", _STYLES["strong"], alignment=TA_RIGHT)
# A cell without a type face of its own would bring an unembedded Helvetica in.
FACE: list[Any] = [("FONTNAME", (0, 0), (-1, -1), REGULAR)]
TIGHT: list[Any] = [*FACE, ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
PADS: list[Any] = [*FACE, ("TOPPADDING", (0, 0), (-1, -1), 4), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]


def clean(text: str) -> str:
    """``text`` without control characters nor the narrow space that the type face lacks."""
    return _CONTROLS.sub("", text).replace("\u202f", "\u00a0")


def paragraph(text: str, style: str = "text") -> Paragraph:
    """A paragraph of plain text: what looks like markup is printed as it is."""
    return Paragraph(escape(clean(text)).replace("\n", "<br/>"), _STYLES[style])


def value(text: str) -> Paragraph:
    # A fingerprint must stay on one line, or it cannot be copied.
    return paragraph(text, "code" if len(text) >= 60 and " " not in text else "text")


@cache
def register_fonts() -> None:
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONT_DIR / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)
