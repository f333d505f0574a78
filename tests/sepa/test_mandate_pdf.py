from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.evidence import Link, append
from portal.pdf.document import Party
from portal.pdf.evidence import build_evidence_pdf
from portal.sepa.mandate_text import BY_VERSION
from portal.sepa.signing.mandate_pdf import ElectronicSignature, MandateForm, build_mandate_pdf
from tests.sepa.builders import IBAN, ICS, PARIS

SIGNATURE = ElectronicSignature(
    signer="Camille Exemple",
    role="Gérante",
    at=datetime(2026, 11, 21, 9, 30, 5, tzinfo=UTC),
    channel="c•••••@exemple.fr",
    shown_sha256="ab" * 32,
)


def a_form(version="core-fr-1", **changes) -> MandateForm:
    values = {
        "rum": "HOPLA-00000042",
        "ics": ICS,
        "creditor_name": "Hopla <SAS> & Cie",
        "creditor_address": PARIS,
        "debtor_name": "Boulangerie Dupont",
        "debtor_address": PARIS,
        "debtor_iban": IBAN,
        "text": BY_VERSION[version],
    }
    return MandateForm(**values | changes)


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("version", BY_VERSION)
@pytest.mark.parametrize("signature", [None, SIGNATURE])
def test_a_mandate_holds_on_one_page_and_says_all(version, signature):
    form = a_form(version)
    pdf = build_mandate_pdf(form, signature)
    assert len(PdfReader(BytesIO(pdf)).pages) == 1
    text = words(pdf)
    paragraphs = form.text.for_creditor(form.creditor_name)
    for said in (form.text.title, form.rum, ICS, "FR76 3000 6000", *paragraphs, form.text.note):
        assert said in text


def test_an_electronic_signature_is_printed():
    text = words(build_mandate_pdf(a_form(), SIGNATURE))
    assert "21/11/2026 09:30:05 UTC (21/11/2026 10:30:05 Paris)" in text
    for said in ("Camille Exemple", "Gérante", "c•••••@exemple.fr", "ab" * 32):
        assert said in text


def test_the_same_mandate_gives_the_same_bytes():
    assert build_mandate_pdf(a_form(), SIGNATURE) == build_mandate_pdf(a_form(), SIGNATURE)


def test_an_evidence_file_lists_every_event():
    links, previous = [], "0" * 64
    for number in range(12):
        event = {"at": f"2026-11-21T09:30:{number:02}.123Z", "what": f"étape {number}", "ip": "::1"}
        links.append(Link(event, previous, append(previous, event)))
        previous = links[-1].hash
    summary = [("Document présenté", "cd" * 32)]
    pdf = build_evidence_pdf(links, issuer=Party("Hopla SAS"), reference=("RUM", "HOPLA-1"), summary=summary)
    text = words(pdf)
    assert all(link.hash in text and link.event["at"] in text for link in links)
    assert "cd" * 32 in text
