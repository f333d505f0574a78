"""What makes a printed page one that may be archived: its colours are sRGB (ISO 19005-3, 6.2.3)."""

from functools import cache
from typing import Any

from PIL import ImageCms
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString
from reportlab.pdfgen.canvas import Canvas

_MADE = slice(24, 36)  # of an ICC profile: when it was made
_ON = b"\x07\xea\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"  # 1 January 2026: every process writes the same


@cache
def srgb() -> bytes:
    """An ICC profile of sRGB, always the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE] = _ON
    return bytes(profile)


def say_colours(canvas: Canvas) -> None:
    """Give the document its output intent, once, before it is saved."""
    document: Any = canvas._doc  # type: ignore[attr-defined]  # reportlab has no public way to the catalogue
    stream = PDFStream(PDFDictionary({"N": 3}), srgb())
    profile = document.Reference(stream)
    intent = PDFDictionary(
        {
            "Type": PDFName("OutputIntent"),
            "S": PDFName("GTS_PDFA1"),
            "OutputConditionIdentifier": PDFString("sRGB IEC61966-2.1"),
            "Info": PDFString("sRGB IEC61966-2.1"),
            "DestOutputProfile": profile,
        }
    )
    catalog = document.Catalog
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]
    catalog.OutputIntents = PDFArray([intent])
