"""Kept of somebody who agrees to a paper through a link and a code: a chain of events, then sealed."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, evidence
from portal.blobs import Document, keep
from portal.canonical import canonical_json
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.customers.models import Customer
from portal.pdf.document import Party
from portal.pdf.evidence import build_evidence_pdf
from portal.resellers.brand_paper import drawn, mark_for


class WithProof:
    """Columns of a row that a customer's signatory answers by a link and a code."""

    signer_name: Mapped[str | None] = mapped_column(String(70))
    signer_role: Mapped[str | None] = mapped_column(String(70))
    shown: Mapped[str | None] = mapped_column(String(400))  # versions and fingerprints agreed to
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    events: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # a chain
    head: Mapped[str] = mapped_column(String(64))  # hash of the last event

    def begin_chain(self, **about: str) -> None:
        """The hash that its first event stands on."""
        self.events, self.head = [], sha256(canonical_json(about)).hexdigest()

    def note(self, what: str, visitor: dict[str, str] | None = None, **details: str | int) -> None:
        """Add an event to the chain of evidence."""
        at = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {"at": at, "what": what, **(visitor or {}), **details}
        head = evidence.append(self.head, event)
        self.events = [*self.events, {"event": event, "previous_hash": self.head, "hash": head}]
        self.head = head


def seal_proof(
    row: Any,
    customer: Customer,
    reference: tuple[str, str],
    summary: Sequence[tuple[str, str]],
    *,
    kind: str,
    name: str,
    reason: str,
) -> Document:
    """The chain of a row as a sealed PDF, kept with its customer. name: of the file, without its day."""
    links = [evidence.Link(each["event"], each["previous_hash"], each["hash"]) for each in row.events]
    at = clock.now()
    pdf = build_evidence_pdf(
        links,
        issuer=Party(seller_of(customer)),
        reference=reference,
        summary=summary,
        mark=drawn(mark_for(customer.org_path, customer.language)),
    )
    ring = keyring()
    pdf = seal_pdf(pdf, key_pem=ring.seal_key_pem, cert_pem=ring.seal_certificate_pem, reason=reason, at=at)
    return keep(
        pdf,
        owner=customer.organisation,
        subject=row,
        kind=kind,
        filename=f"{name}-{clock.paris_day(at)}.pdf",
        media_type="application/pdf",
    )


def seller_of(customer: Customer) -> str:
    """The name of the house that sells to her."""
    above = customer.organisation.parent
    return above.name if above is not None else customer.name
