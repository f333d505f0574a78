"""A paper that somebody has scanned or photographed: judged by what is in it, not by its name."""

import io
from dataclasses import dataclass

from PIL import Image
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from portal.errors import Refused
from portal.wording import N_

LARGEST_SCAN = 10 * 1024 * 1024  # bytes
_MOST_PIXELS = 80_000_000
_IMAGES = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png")}


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that opens as what it is: suffix without a dot, media type."""

    content: bytes
    suffix: str
    media_type: str


def read_scan(content: bytes, field: str = "scan") -> Scan:
    """The scan in these bytes. Raises Refused, beside ``field``, for anything but a PDF, JPEG or PNG.

    A PDF must open and have a page; an image must be whole. 10 MiB at most.
    """
    kind = None if len(content) > LARGEST_SCAN else _pdf(content) or _image(content)
    if kind is None:
        raise Refused(N_("Choisissez un PDF ou une photo (JPEG, PNG) de 10 Mo au plus."), field=field)
    return Scan(content, *kind)


def _pdf(content: bytes) -> tuple[str, str] | None:
    if not content.startswith(b"%PDF-"):
        return None
    try:
        pages = int(PdfFileReader(io.BytesIO(content)).root["/Pages"]["/Count"])
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError):
        return None
    return ("pdf", "application/pdf") if pages > 0 else None


def _image(content: bytes) -> tuple[str, str] | None:
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_IMAGES)) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            kind = _IMAGES[str(image.format)]
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return kind
