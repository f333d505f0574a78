"""The company's seal on a finished PDF: PAdES B-B, ECDSA on P-256, no change allowed after it.

A seal says that a document is whole and came from here; it is not the signature of a person. It has
no visible field, so it brings no other type face into the document. The same PDF sealed again by the same
key for the same instant gives the same bytes, so that sealing may be killed and repeated.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from asn1crypto import keys, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from portal.deadlines import start_of_paris_day

FIELD = "Cachet"
_YEARS = 10  # a seal is checked as long as the documents are kept
_USAGE = KeyUsageConstraints(key_usage={"digital_signature"})


@dataclass(frozen=True, slots=True)
class SealStatus:
    """What a seal proves. Only ``is_sound`` means that the document may be relied on."""

    intact: bool  # the sealed bytes are those that were sealed
    trusted: bool  # by the certificate expected
    covers_whole_file: bool  # nothing was added after
    signed_at: datetime | None  # as claimed by the sealer, UTC; not time-stamped

    @property
    def is_sound(self) -> bool:
        """True if the file is exactly what was sealed, by the certificate expected."""
        return self.intact and self.trusted and self.covers_whole_file


_UNSEALED = SealStatus(intact=False, trusted=False, covers_whole_file=False, signed_at=None)


class _Signer(PdfSigner):
    """A signer whose time is given and not read from the clock."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


class _Repeatable(SimpleSigner):
    """The same signature of the same bytes each time (RFC 6979)."""

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        key = load_der_private_key(self.signing_key.dump(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or digest_algorithm != "sha256":
            return super().sign_raw(data, digest_algorithm)
        return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


class _Writer(IncrementalPdfFileWriter):
    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        """The file's two names (ISO 32000-1, 14.4) follow from its content and not from chance."""
        prev.stream.seek(0)
        digest = hashlib.sha256(prev.stream.read()).digest()[:16]
        first, _ = prev.document_id if "/ID" in prev.trailer else (digest, digest)
        return generic.ArrayObject(map(generic.ByteStringObject, (first, digest)))

    def _update_meta(self) -> None:
        """Leave the metadata alone: a rewrite would rename the prefixes that Factur-X needs."""


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


def seal_pdf(pdf: bytes, *, key_pem: bytes, cert_pem: bytes, reason: str, at: datetime) -> bytes:
    """``pdf`` followed by its seal; the bytes before it are untouched.

    at: aware instant that the seal claims.
    """
    if at.tzinfo is None:
        raise ValueError("the instant of a seal must be aware")
    certificate = _certificate(cert_pem)
    signer = _Repeatable(
        signing_cert=certificate,
        signing_key=keys.PrivateKeyInfo.load(_der(key_pem)),
        cert_registry=SimpleCertificateStore(),
    )
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        reason=reason,
    )
    sealer = _Signer(metadata, signer)
    sealer.at = at
    # In hexadecimal. The library would find it out by a trial signature, as long as the real one.
    room = 2 * (len(certificate.dump()) + 2048)
    sealed: BytesIO = sealer.sign_pdf(_Writer(BytesIO(pdf)), bytes_reserved=room)
    return sealed.getvalue()


def check_seal(pdf: bytes, cert_pem: bytes) -> SealStatus:
    """Judge the seal of a file that may come from anywhere.

    cert_pem: the certificate expected. Its dates are judged at the time that the seal claims.
    """
    try:
        embedded = PdfFileReader(BytesIO(pdf)).embedded_signatures
        if len(embedded) != 1 or embedded[0].field_name != FIELD:
            return _UNSEALED
        seal = embedded[0]
        signed_at = seal.self_reported_timestamp
        context = ValidationContext(
            trust_roots=[seal.signer_cert], allow_fetching=False, moment=signed_at, best_signature_time=None
        )
        status = validate_pdf_signature(seal, context, key_usage_settings=_USAGE)
    except Exception:  # a forged file may break the parser anywhere: it is then not sealed
        return _UNSEALED
    expected = _certificate(cert_pem)
    # A pinned certificate is a trust anchor, whose dates the library does not judge.
    in_time = signed_at and expected.not_valid_before <= signed_at <= expected.not_valid_after
    same = status.signing_cert.dump() == expected.dump()
    return SealStatus(
        intact=status.intact and status.valid,
        trusted=bool(status.trusted and same and in_time),
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE and bool(status.docmdp_ok),
        signed_at=signed_at,
    )


def _certificate(cert_pem: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(_der(cert_pem))


def _der(pem_bytes: bytes) -> bytes:
    return pem.unarmor(pem_bytes)[2] if pem.detect(pem_bytes) else pem_bytes
