"""The finished file: a PDF/A-3 by our linter, the XML in it byte for byte, and twice the same bytes."""

import sys
import time
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from pypdf import PdfReader

from portal.facturx.making import make
from portal.facturx.pdfa import embed, flattened
from portal.papers import build
from portal.pdf.archival import srgb
from portal.pdf.document import Column, Mark, Party
from portal.pdf.draft import Draft
from tests.facturx.builders import domestic
from tests.facturx.linter import faults
from tests.facturx.preflight import as_first_part, refusals


def a_draft() -> Draft:
    draft = Draft(
        "Facture",
        issuer=Party("DROPCLOUD SAS", ("1 rue de la Paix",)),
        recipient=Party("Boulangerie Martin", ("75006 Paris",)),
        meta=[("Numéro", "FA-2026-000123")],
        legal=["DROPCLOUD SAS"],
        language="fr-FR",
        page_label="Page {page} sur {pages}",
        mark=Mark("Revendeur", ("",), "logo"),
    )
    draft.line_table([Column("Désignation"), Column("Prix", 20)], [("Sauvegarde", "10,00 €")] * 60)
    draft.totals([("Total", "47,99 €")])
    square = ("DROPCLOUD SAS", "FR7630006000011234567890189", 4799, "FA-2026-000123")
    draft.transfer([("IBAN", "FR76")], square, caption="À lire")
    return draft


def a_logo() -> bytes:
    out = BytesIO()
    Image.new("RGBA", (40, 20), (200, 0, 0, 90)).save(out, "PNG")
    return out.getvalue()


def test_a_valid_invoice_is_embedded_in_a_page_that_may_be_archived_and_always_in_the_same_bytes() -> None:
    own = domestic()
    values = {"draft": a_draft().as_values(), "seal": None, "einvoice": own.as_values()}
    made = make(own)
    pdf = build(values, a_logo(), made)
    assert faults(pdf) == []
    reader = PdfReader(BytesIO(pdf))
    assert reader.attachments["factur-x.xml"] == [made.xml]
    assert len(reader.pages) == 3
    time.sleep(1.1)  # another second
    assert build(values, a_logo(), made) == pdf


def test_what_broke_a_rule_is_a_page_without_xml() -> None:
    own = domestic(type="325")
    values = {"draft": a_draft().as_values(), "seal": None, "einvoice": own.as_values()}
    made = make(own)
    assert made.findings
    assert not PdfReader(BytesIO(build(values, a_logo(), made))).attachments


def test_a_logo_that_shines_through_and_a_page_without_its_colours_are_found() -> None:
    plain = a_draft().build(a_logo())
    pdf = embed(plain, b"<a/>", title="x", author="y", issued_on=date(2026, 1, 1), language="fr-FR")
    assert {"output intent", "forbidden /SMask"} <= set(faults(pdf))


def test_its_colours_are_those_of_the_screen() -> None:
    own = ImageCms.ImageCmsProfile(BytesIO(srgb()))
    shades = Image.new("RGB", (256, 1))
    shades.putdata([(step, step * 7 % 256, 255 - step) for step in range(256)])
    seen = ImageCms.profileToProfile(shades, ImageCms.createProfile("sRGB"), own)
    assert seen is not None and seen.tobytes() == shades.tobytes()


@pytest.mark.skipif(sys.platform != "linux", reason="PDFBox Preflight is taken from Debian")
def test_the_page_before_its_xml_is_one_for_an_archive_and_a_bad_one_is_found(tmp_path: Path) -> None:
    watermarked = replace(a_draft(), mark=None, watermark="DÉMONSTRATION")
    pages = {
        "logo.pdf": a_draft().build(flattened(a_logo()), archival=True),
        "watermark.pdf": watermarked.build(archival=True),
        "transparent.pdf": a_draft().build(a_logo(), archival=True),
        "colourless.pdf": a_draft().build(flattened(a_logo())),
    }
    found = refusals({name: as_first_part(page) for name, page in pages.items()}, tmp_path)
    assert found["logo.pdf"] == found["watermark.pdf"] == []
    assert any("Soft Mask" in each for each in found["transparent.pdf"])
    assert any("DestOutputProfile is missing" in each for each in found["colourless.pdf"])
