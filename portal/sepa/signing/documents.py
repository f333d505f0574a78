"""The documents of a signature: what was shown, what was signed, and the proof; all but the first sealed."""

from hashlib import sha256

from flask_babel import gettext as _

from portal import clock
from portal.blobs import Document, keep
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.errors import Refused
from portal.linked.visitor import Signer
from portal.links import SignedLink, mask_email
from portal.mail import Addressee, queue_mail
from portal.pdf.document import Party
from portal.pdf.evidence import build_evidence_pdf
from portal.resellers.brand_paper import drawn, mark_for
from portal.sepa.formats.values import Address
from portal.sepa.models.event import What
from portal.sepa.models.mandate import Mandate, mandate_signed
from portal.sepa.signing.mandate_pdf import ElectronicSignature, MandateForm, build_mandate_pdf

_PDF = "application/pdf"


def mandate_form(mandate: Mandate) -> MandateForm:
    entity = mandate.legal_entity
    return MandateForm(
        rum=mandate.rum,
        ics=entity.ics,
        creditor_name=entity.name,
        creditor_address=Address(
            street=entity.street, postcode=entity.postcode, town=entity.town, country=entity.country
        ),
        debtor_name=mandate.debtor_name,
        debtor_address=mandate.address,
        debtor_iban=mandate.iban or "",
        text=mandate.text,
        mark=drawn(mark_for(mandate.org_path, mandate.text.language)),
    )


def shown_pdf(mandate: Mandate) -> bytes:
    """The mandate as it stands before the signature; the same values give the same bytes."""
    return build_mandate_pdf(mandate_form(mandate))


def freeze_shown(mandate: Mandate) -> None:
    """Fix what the signer is about to be shown."""
    mandate.shown_sha256 = sha256(shown_pdf(mandate)).hexdigest()


def sign_mandate(mandate: Mandate, link: SignedLink, visitor: dict[str, str]) -> None:
    """Sign: the step, the sealed mandate, the event, the sealed proof, the copy, the signal.

    Raises IllegalStep if it is signed already, Refused if the document is not the one shown.

    Source: 003-49, 003-77, 003-78.
    """
    at = clock.now()
    signer = Signer(f"{mandate.signer_name} ({mandate.signer_email})")
    mandate.sign(at=at, by=signer)
    shown = shown_pdf(mandate)
    if sha256(shown).hexdigest() != mandate.shown_sha256:
        raise Refused(_("Le mandat a changé depuis qu'il vous a été présenté : relisez-le."))
    trace = ElectronicSignature(
        signer=str(mandate.signer_name),
        role=str(mandate.signer_role),
        at=at,
        channel=mask_email(link.recipient),
        shown_sha256=str(mandate.shown_sha256),
    )
    sealed = seal_for(build_mandate_pdf(mandate_form(mandate), trace), mandate)
    mandate.shown_document = keep_pdf(mandate, shown, "mandate_shown", f"{mandate.rum}-presente.pdf")
    mandate.document = keep_pdf(mandate, sealed, "mandate", f"{mandate.rum}.pdf")
    mandate.note(
        What.SIGNED,
        visitor,
        signer=str(mandate.signer_name),
        role=str(mandate.signer_role),
        shown_sha256=str(mandate.shown_sha256),
        sealed_sha256=mandate.document.sha256,
    )
    proof = seal_for(_evidence(mandate, mandate.document), mandate)
    mandate.proof = keep_pdf(mandate, proof, "mandate_evidence", f"{mandate.rum}-preuve.pdf")
    queue_mail(
        Addressee(link.recipient, str(mandate.signer_name)),
        "sepa/mail_signed.txt",
        about=mandate,
        owner=mandate.customer.organisation,
        language=mandate.language,
        attach=[mandate.document],
        mandate=mandate,
        entity=mandate.legal_entity,
    )
    mandate_signed.send(None, mandate=mandate)


def keep_pdf(mandate: Mandate, content: bytes, kind: str, filename: str) -> Document:
    return keep(
        content,
        owner=mandate.customer.organisation,
        subject=mandate,
        kind=kind,
        filename=filename,
        media_type=_PDF,
    )


def seal_for(pdf: bytes, mandate: Mandate) -> bytes:
    ring = keyring()
    return seal_pdf(
        pdf,
        key_pem=ring.seal_key_pem,
        cert_pem=ring.seal_certificate_pem,
        reason=f"Mandat {mandate.rum}",
        at=clock.now(),
    )


def _evidence(mandate: Mandate, document: Document) -> bytes:
    entity = mandate.legal_entity
    street = f"{entity.postcode} {entity.town}"
    summary = [
        (_("Créancier"), f"{entity.name}, ICS {entity.ics}"),
        (_("Débiteur"), mandate.debtor_name),
        (_("IBAN"), str(mandate.iban_masked)),
        (_("Signataire"), f"{mandate.signer_name}, {mandate.signer_role}"),
        (_("Adresse du code"), str(mandate.signer_email)),
        (_("Texte du mandat"), f"{mandate.text_version}, SHA-256 {mandate.text_sha256}"),
        (_("SHA-256 du document présenté"), str(mandate.shown_sha256)),
        (_("SHA-256 du mandat scellé"), document.sha256),
        (_("Empreinte de départ"), mandate.envelope),
        (_("Dernière empreinte"), mandate.evidence_head),
    ]
    return build_evidence_pdf(
        [row.link for row in mandate.events],
        issuer=Party(entity.name, (entity.street, street)),
        reference=("RUM", mandate.rum),
        summary=summary,
        mark=drawn(mark_for(mandate.org_path, mandate.language)),
    )
