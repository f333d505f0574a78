"""What makes a printed page one that may be archived: its colours are sRGB (ISO 19005-1 and -3, 6.2)."""

import struct
from functools import cache
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString, PDFZCompress
from reportlab.pdfgen.canvas import Canvas

_MADE = (2026, 1, 1, 0, 0, 0)  # every process writes the same
_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {  # of IEC 61966-2-1, seen under D50
    "rXYZ": (0.4360747, 0.2225045, 0.0139322),
    "gXYZ": (0.3850649, 0.7168786, 0.0971045),
    "bXYZ": (0.1430804, 0.0606169, 0.7141733),
}
_STEPS = 1024  # of the curve from a colour's value to its light


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _name(words: bytes) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + bytes(78)  # in no other script


def _curve() -> bytes:
    values = (step / (_STEPS - 1) for step in range(_STEPS))
    light = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)
    lights = [round(each * 65535) for each in light]
    return b"curv\0\0\0\0" + struct.pack(f">I{_STEPS}H", _STEPS, *lights)


@cache
def srgb() -> bytes:
    """An ICC profile of sRGB, always the same bytes.

    Of version 2, which readers of every part of PDF/A know; the colour library at hand writes version 4 only.

    Source: ICC.1:2001-04; IEC 61966-2-1.
    """
    parts = {"desc": _name(b"sRGB\0"), "cprt": b"text\0\0\0\0CC0\0", "wtpt": _xyz(*_D50)}
    parts |= {tag: _xyz(*values) for tag, values in _PRIMARIES.items()} | {"rTRC": _curve()}
    where, body, behind = {}, b"", 128 + 4 + 12 * 9
    for tag, data in parts.items():
        where[tag] = (behind + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    where |= {"gTRC": where["rTRC"], "bTRC": where["rTRC"]}  # one curve for the three
    tags = struct.pack(">I", len(where))
    tags += b"".join(struct.pack(">4sII", tag.encode(), *place) for tag, place in where.items())
    size = 128 + len(tags) + len(body)
    head = struct.pack(">I4xI4s4s4s6H4s28x", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", *_MADE, b"acsp")
    return head + _xyz(*_D50)[8:] + bytes(48) + tags + body


def say_colours(canvas: Canvas) -> None:
    """Give the document its output intent, once, before it is saved."""
    document: Any = canvas._doc  # type: ignore[attr-defined]  # reportlab has no public way to the catalogue
    stream = PDFStream(PDFDictionary({"N": 3}), srgb(), filters=[PDFZCompress])
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
