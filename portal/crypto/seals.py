"""The company's seal on a finished PDF: PAdES B-B, ECDSA on P-256, no change allowed after it.

A seal says that a document is whole and came from here; it is not the signature of a person. It has
no visible field, so it brings no other type face into the document. The same PDF sealed again by the same
key for the same instant gives the same bytes, so that sealing may be killed and repeated.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal.deadlines import start_of_paris_day

if TYPE_CHECKING:
    from portal.crypto.pades import SealStatus

_YEARS = 10  # a seal is checked as long as the documents are kept


def make_seal_certificate(common_name: str, on: date) -> tuple[bytes, bytes]:
    """A new key and its self-signed certificate, both PEM; the key is not encrypted.

    on: Paris day from which the certificate counts, for ten years.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    starts = start_of_paris_day(on)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + timedelta(days=366 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem, certificate.public_bytes(Encoding.PEM)


class SealCertificate(NamedTuple):
    """Whose seal it is, until when it counts (UTC), and the SHA-256 by which it is known."""

    name: str
    until: datetime
    fingerprint: str


def read_certificate(pem: bytes) -> SealCertificate:
    certificate = x509.load_pem_x509_certificate(pem)
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    return SealCertificate(str(name.value), certificate.not_valid_after_utc, fingerprint)


def seal_pdf(pdf: bytes, *, key_pem: bytes, cert_pem: bytes, reason: str, at: datetime) -> bytes:
    """``pdf`` followed by its seal; the bytes before it are untouched.

    at: aware instant that the seal claims.
    """
    from portal.crypto import pades  # noqa: PLC0415 - see there

    return pades.seal(pdf, key_pem=key_pem, cert_pem=cert_pem, reason=reason, at=at)


def check_seal(pdf: bytes, cert_pem: bytes) -> "SealStatus":
    """Judge the seal of a file that may come from anywhere.

    cert_pem: the certificate expected. Its dates are judged at the time that the seal claims.
    """
    from portal.crypto import pades  # noqa: PLC0415 - see there

    return pades.check(pdf, cert_pem)
