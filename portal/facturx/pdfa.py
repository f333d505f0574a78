"""A finished page becomes a PDF/A-3 that carries its XML; the same two give the same bytes.

Source: ISO 19005-3; Factur-X 1.0, part 6 (XMP extension schema, AFRelationship).
"""

import re
from datetime import date
from io import BytesIO
from tempfile import NamedTemporaryFile

import facturx as library
from PIL import Image

_PDF_TIME = re.compile(rb"(\((?:D:|D\\072))\d{14}")  # the colon may be written as its number
_XMP_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def embed(pdf: bytes, xml: bytes, *, title: str, author: str, issued_on: date, language: str) -> bytes:
    """The PDF with ``factur-x.xml`` in it; issued_on stands for the moment, so that a second print is equal.

    pdf: with embedded fonts and an output intent, as ``Draft.build(archival=True)`` gives it.
    """
    metadata = {"author": author, "keywords": "Factur-X", "title": title, "subject": title}
    with NamedTemporaryFile(suffix=".pdf") as out:  # a stream would get the new file behind the old one
        library.generate_from_file(
            BytesIO(pdf),
            xml,
            flavor="factur-x",
            level="en16931",
            check_xsd=False,
            pdf_metadata=metadata,
            lang=language,
            output_pdf_file=out.name,
            xmp_compression=False,
        )
        written = out.read()
    midnight = rb"\g<1>%s000000" % issued_on.strftime("%Y%m%d").encode()
    written = _PDF_TIME.sub(midnight, written)
    return _XMP_TIME.sub(b"%sT00:00:00+00:00" % issued_on.isoformat().encode(), written)


def flattened(picture: bytes) -> bytes:
    """A logo on white: an archived page has nothing that shines through."""
    with Image.open(BytesIO(picture), formats=["PNG"]) as image:
        own = image.convert("RGBA")
    page = Image.new("RGB", own.size, "white")
    page.paste(own, mask=own.getchannel("A"))
    out = BytesIO()
    page.save(out, "PNG", optimize=True)
    return out.getvalue()
