"""A mandate signed by hand: what stands on it, and its scan as the document that proves it."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.blobs import keep
from portal.errors import Conflict, Refused
from portal.sepa.formats.iban import mask
from portal.sepa.models import Mandate
from portal.sepa.models.mandate import mandate_signed

LARGEST = 10 * 1024 * 1024
_KINDS = {
    b"%PDF-": ("pdf", "application/pdf"),
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG\r\n": ("png", "image/png"),
}


@dataclass(frozen=True, slots=True)
class SignedPaper:
    iban: str
    holder: str
    signed_on: date
    signer_name: str
    signer_role: str
    scan: bytes


def sign_on_paper(mandate: Mandate, paper: SignedPaper, *, by: Actor) -> None:
    """Signed on the day written on the paper; the signing link dies, and waiting orders start.

    Raises Refused for another file than a PDF, JPEG or PNG, or a day before the mandate was made.

    Source: 003-49, 003-77.
    """
    if not mandate.can("sign"):
        raise Conflict(_("Ce mandat n'attend plus de signature."))
    found = next((kind for magic, kind in _KINDS.items() if paper.scan.startswith(magic)), None)
    if found is None or len(paper.scan) > LARGEST:
        raise Refused(_("Choisissez un PDF ou une photo (JPEG, PNG) de 10 Mo au plus."), field="scan")
    if not clock.paris_day(mandate.created_at) <= paper.signed_on <= clock.today():
        sentence = _("Le mandat se signe entre le jour de sa création et aujourd'hui.")
        raise Refused(sentence, field="signed_on")
    suffix, media_type = found
    mandate.iban, mandate.iban_masked = paper.iban, mask(paper.iban)
    mandate.debtor_name = paper.holder
    mandate.signer_name, mandate.signer_role = paper.signer_name, paper.signer_role
    mandate.signer_email = None
    scan = keep(
        paper.scan,
        owner=mandate.customer.organisation,
        subject=mandate,
        kind="mandate_paper",
        filename=f"{mandate.rum}.{suffix}",
        media_type=media_type,
    )
    mandate.sign_on_paper(scan, on=paper.signed_on, by=by)
    mandate_signed.send(None, mandate=mandate)
