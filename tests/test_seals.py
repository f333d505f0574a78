from datetime import UTC, date, datetime

import pytest

from portal.crypto.seals import check_seal, make_seal_certificate, seal_pdf
from portal.pdf.document import Document, Party

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
KEY, CERTIFICATE = make_seal_certificate("Cachet Hopla", date(2026, 1, 1))
PDF = Document("Mandat", issuer=Party("Hopla SAS")).build()
SEALED = seal_pdf(PDF, key_pem=KEY, cert_pem=CERTIFICATE, reason="Intégrité", at=AT)


def test_a_sealed_document_is_sound():
    status = check_seal(SEALED, CERTIFICATE)
    assert status.is_sound
    assert status.signed_at == AT
    assert SEALED.startswith(PDF)
    assert b"Courier" not in SEALED


def test_the_same_seal_twice_is_the_same_file():
    """Who is killed between sealing and noting it seals again, and nothing is left over."""
    assert seal_pdf(PDF, key_pem=KEY, cert_pem=CERTIFICATE, reason="Intégrité", at=AT) == SEALED
    assert (
        seal_pdf(PDF + b"\n", key_pem=KEY, cert_pem=CERTIFICATE, reason="Intégrité", at=AT)[-400:]
        != SEALED[-400:]
    )


@pytest.mark.parametrize("at", [20, 300, len(PDF) // 2, len(PDF) + 50, -30])
def test_one_changed_byte_is_noticed(at):
    changed = bytearray(SEALED)
    changed[at] ^= 1
    assert not check_seal(bytes(changed), CERTIFICATE).is_sound


def test_anything_added_is_noticed():
    assert not check_seal(SEALED + b"\n% added", CERTIFICATE).covers_whole_file


def test_another_certificate_is_not_trusted():
    key, other = make_seal_certificate("Cachet Hopla", date(2026, 1, 1))
    status = check_seal(seal_pdf(PDF, key_pem=key, cert_pem=other, reason="", at=AT), CERTIFICATE)
    assert (status.intact, status.trusted) == (True, False)
    assert not status.is_sound


def test_a_seal_before_its_certificate_is_not_trusted():
    early = datetime(2025, 1, 1, tzinfo=UTC)
    sealed = seal_pdf(PDF, key_pem=KEY, cert_pem=CERTIFICATE, reason="", at=early)
    assert not check_seal(sealed, CERTIFICATE).is_sound


@pytest.mark.parametrize(
    "file", [PDF, b"", b"%PDF-1.4", SEALED[:-100]], ids=["plain", "empty", "head", "cut"]
)
def test_what_is_not_sealed_is_not_sound(file):
    assert not check_seal(file, CERTIFICATE).is_sound


def test_a_naive_instant_is_a_bug():
    with pytest.raises(ValueError, match="aware"):
        seal_pdf(PDF, key_pem=KEY, cert_pem=CERTIFICATE, reason="", at=datetime(2026, 11, 21))
