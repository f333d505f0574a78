"""A mandate signed by hand: what stands on it, its scan, and the second person who has compared the two."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import User
from portal.actor import Actor
from portal.blobs import keep
from portal.customers.models import ContactRole
from portal.errors import Conflict, Refused
from portal.mail import queue_mail
from portal.scans import read_scan
from portal.sepa.formats.iban import mask
from portal.sepa.models import Mandate
from portal.sepa.models.mandate import mandate_signed


@dataclass(frozen=True, slots=True)
class SignedPaper:
    iban: str
    holder: str
    signed_on: date
    signer_name: str
    signer_role: str
    scan: bytes


def enter_paper(mandate: Mandate, paper: SignedPaper, *, by: User) -> None:
    """What one person reads on the paper; no debit rests on it before another one has agreed.

    The signing link dies. Raises Refused for another file than a PDF, JPEG or PNG, or a day before the
    mandate was made.

    Source: 003-49, 003-77.
    """
    if not mandate.can("enter_paper"):
        raise Conflict(_("Ce mandat n'attend plus de signature."))
    scan = read_scan(paper.scan)
    if not clock.paris_day(mandate.created_at) <= paper.signed_on <= clock.today():
        sentence = _("Le mandat se signe entre le jour de sa création et aujourd'hui.")
        raise Refused(sentence, field="signed_on")
    mandate.iban, mandate.iban_masked = paper.iban, mask(paper.iban)
    mandate.debtor_name = paper.holder
    mandate.signer_name, mandate.signer_role = paper.signer_name, paper.signer_role
    mandate.signer_email = None
    document = keep(
        scan.content,
        owner=mandate.customer.organisation,
        subject=mandate,
        kind="mandate_paper",
        filename=f"{mandate.rum}.{scan.suffix}",
        media_type=scan.media_type,
    )
    mandate.enter_paper(document, on=paper.signed_on, by=by)


def agree_to_paper(mandate: Mandate, iban: str, *, by: User) -> None:
    """The second person reads the same on the paper: the mandate is signed, waiting orders start.

    iban: as that person reads it. The debtor's contacts are told of the account. Raises Refused for the
    person who entered the paper, and for another account than the one entered.
    """
    if iban != mandate.iban:
        sentence = _("Ce n'est pas l'IBAN de la première saisie : relisez le papier, ou renvoyez-le.")
        raise Refused(sentence, field="iban")
    mandate.agree_to_paper(by=by)
    contacts = [mandate.customer.contact(role) for role in (ContactRole.SIGNATORY, ContactRole.BILLING)]
    for contact in {contact.email: contact for contact in contacts}.values():
        queue_mail(
            contact,
            "sepa/mail_paper_signed.txt",
            about=mandate,
            owner=mandate.customer.organisation,
            language=mandate.language,
            mandate=mandate,
            entity=mandate.legal_entity,
        )
    mandate_signed.send(None, mandate=mandate)


def return_paper(mandate: Mandate, reason: str, *, by: Actor) -> None:
    """Paper and entry do not agree: the mandate waits for a signature again, by link or by another paper."""
    mandate.return_paper(reason, by=by)
