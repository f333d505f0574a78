import subprocess
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from reportlab.lib.utils import rlUrlRead

from portal.pdf.document import Column, Document, Party

ISSUER = Party("Hopla SAS", ("12 rue de la République", "67000 Strasbourg"))
COLUMNS = [Column("Désignation"), Column("Qté", 16), Column("Montant HT", 30)]


def an_invoice(lines: int = 3, *, designation: str = "Sauvegarde", **options) -> bytes:
    document = Document(
        "Facture FA-2026-000123",
        issuer=ISSUER,
        recipient=Party("Boulangerie Dupont", ("75002 Paris",)),
        meta=[("Numéro", "FA-2026-000123")],
        legal=("SIREN 797 605 359",),
        **options,
    )
    document.line_table(COLUMNS, [(designation, "1", "1\u202f234,50 €")] * lines)
    document.totals([("Total HT", "1 234,50 €"), ("Total TTC", "1 481,40 €")])
    document.text("Prélèvement le 07/12/2026.")
    return document.build()


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_a_short_invoice_has_one_page():
    (page,) = pages(an_invoice())
    for said in ("Facture FA-2026-000123", "Boulangerie Dupont", "Page 1 / 1", "1 481,40 €"):
        assert said in page


def test_a_long_invoice_repeats_its_head_and_counts_its_pages():
    found = pages(an_invoice(60))
    assert len(found) > 1
    for number, page in enumerate(found, 1):
        assert f"Page {number} / {len(found)}" in page
        assert "SIREN 797 605 359" in page
        assert "FA-2026-000123" in page
    assert all("Désignation" in page for page in found[:-1])


def test_the_same_document_gives_the_same_bytes():
    assert an_invoice(60) == an_invoice(60)


@pytest.mark.parametrize(
    "text", ["<b>gras</b> & <img src='/etc/passwd'/>", "<a href='http://x'>x</a>", "&lt;", "a\x00\x07b"]
)
def test_markup_is_printed_and_never_obeyed(text):
    page = pages(an_invoice(1, designation=text))[0].replace("\n", " ")
    assert text.replace("\x00\x07", "") in page


def test_only_embedded_faces_are_used():
    fonts = PdfReader(BytesIO(an_invoice(60))).pages[1]["/Resources"]["/Font"]
    assert {font.get_object()["/BaseFont"].split("+")[-1] for font in fonts.values()} <= {
        "DejaVuSans",
        "DejaVuSans-Bold",
    }


def test_a_watermark_is_on_every_page():
    mark = "PRO FORMA - ce document n'est pas une facture"
    assert all(mark in page.replace("\n", " ") for page in pages(an_invoice(60, watermark=mark)))


def test_a_narrow_space_is_one_that_the_face_has():
    assert "1\u00a0234,50" in pages(an_invoice())[0] or "1 234,50" in pages(an_invoice())[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "file:///etc/hostname", "data:,x"])
def test_nothing_is_fetched(url):
    with pytest.raises(OSError, match="Cannot open resource"):
        rlUrlRead(url)


def test_the_square_is_read_by_a_bank_as_account_cents_and_reference(tmp_path: Path) -> None:
    """EPC069-12: a banking application gets what the paper says beside it."""
    document = Document("Pro forma", issuer=ISSUER)
    square = ("DROPCLOUD SAS", "FR7630006000011234567890189", 17_964, "PF-2026-000001")
    document.transfer([("IBAN", "FR76 3000 6000 0112 3456 7890 189")], square, caption="À lire")
    (tmp_path / "a.pdf").write_bytes(document.build())
    command = ["pdftoppm", "-r", "150", "-png", "-singlefile", "a.pdf", "a"]
    subprocess.run(command, cwd=tmp_path, check=True)
    (found,) = zxingcpp.read_barcodes(Image.open(tmp_path / "a.png"))
    said = found.text.split("\n")
    assert said[:4] == ["BCD", "002", "1", "SCT"] or said[:2] == ["BCD", "002"]
    assert said[5:8] == ["DROPCLOUD SAS", "FR7630006000011234567890189", "EUR179.64"]
    assert said[10] == "PF-2026-000001"


def test_a_head_of_many_lines_pushes_the_title_down() -> None:
    """Number, days, order, pro-forma and three references of the buyer: nothing is printed over another."""

    def title_at(lines: int) -> float:
        meta = [(f"Nom {n}", f"Valeur {n}") for n in range(lines)]
        document = Document("Facture", issuer=Party("Exemple"), recipient=Party("Client"), meta=meta)
        found: list[float] = []

        def see(text: str, _cm: list[float], matrix: list[float], *_font: object) -> None:
            if text.strip() == "Facture":
                found.append(_cm[5] + matrix[5])

        PdfReader(BytesIO(document.build())).pages[0].extract_text(visitor_text=see)
        return found[0]

    assert title_at(3) == title_at(1), "as long as there is room it stays where it was"
    assert title_at(12) < title_at(3) - 20
