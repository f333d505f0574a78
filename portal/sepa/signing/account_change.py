"""A debtor's new account under the same mandate: asked for with a link, confirmed with a code.

It counts a day after the confirmation, and whoever signed the mandate is told at once: time to object.
"""

from datetime import date, timedelta
from hashlib import sha256
from typing import cast

from flask_babel import gettext as _
from sqlalchemy import exists, select

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import record
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, make_link, mask_email
from portal.mail import link as public_link
from portal.mail import queue_mail
from portal.resellers.brand_paper import drawn, mark_for
from portal.sepa.formats.iban import mask
from portal.sepa.models import (
    AmendmentKind,
    AmendmentState,
    Collection,
    CollectionState,
    Mandate,
    MandateAmendment,
    What,
    open_change,
)
from portal.sepa.models.amendment import HOLD, is_open_to_change
from portal.sepa.models.asking import LINK_DAYS
from portal.sepa.models.creditor import creditor_of
from portal.sepa.signing.account_pdf import build_account_pdf
from portal.sepa.signing.documents import keep_pdf, seal_for
from portal.sepa.signing.mandate_pdf import ElectronicSignature


def ask_account(mandate: Mandate, *, by: Actor) -> tuple[MandateAmendment, str]:
    """Ask the signatory for another account; answers the token of the link too.

    Asked again, the former link stops working. Raises Refused for a mandate that is not in use, and
    while a confirmed change waits for its day.
    """
    if not is_open_to_change(mandate):
        raise Refused(_("Seul un mandat signé et en vigueur peut changer de compte."))
    if waiting := open_change(mandate):
        if waiting.state == AmendmentState.CONFIRMED:
            raise Refused(_("Un changement confirmé prend déjà effet sous 24 heures."))
        waiting.withdraw(by=by)
    change = MandateAmendment(
        organisation=mandate.customer.organisation,
        mandate=mandate,
        kind=AmendmentKind.ACCOUNT,
        state=AmendmentState.ASKED,
        former_masked=mandate.iban_masked,
        noted_by=by.label,
    )
    db.session.add(change)
    contact = mandate.customer.contact(ContactRole.SIGNATORY)
    link, token = make_link(
        Purpose.CHANGE_ACCOUNT,
        change,
        owner=mandate.customer.organisation,
        recipient=contact.email,
        days=LINK_DAYS,
    )
    record(mandate, "ask_account", by=by)
    mandate.note(
        What.ACCOUNT_ASKED,
        by=by.label,
        token_sha256=link.token_hash,
        to=mask_email(contact.email),
        former=str(mandate.iban_masked),
    )
    queue_mail(
        contact,
        "sepa/mail_account.txt",
        about=mandate,
        owner=mandate.customer.organisation,
        language=mandate.language,
        urgent=True,
        mandate=mandate,
        entity=mandate.legal_entity,
        contact=contact,
        url=public_link(f"/new-account/{token}"),
        last_day=clock.today() + timedelta(days=LINK_DAYS),
    )
    return change, token


def enter_new_account(change: MandateAmendment, iban: str, visitor: dict[str, str]) -> None:
    """The account that the debtor typed; what was shown before counts no more."""
    mandate = change.mandate
    if iban == mandate.iban:
        raise Refused(_("C'est le compte actuel : indiquez le nouveau."), field="iban")
    change.iban, change.iban_masked, change.former_masked = iban, mask(iban), mandate.iban_masked
    change.signer_name = change.signer_role = None
    change.shown_sha256 = sha256(change_pdf(change)).hexdigest()
    mandate.note(
        What.ACCOUNT_ENTERED, visitor, former=str(change.former_masked), account=str(change.iban_masked)
    )


def change_pdf(change: MandateAmendment, signature: ElectronicSignature | None = None) -> bytes:
    mandate = change.mandate
    return build_account_pdf(
        rum=mandate.rum,
        creditor=creditor_of(mandate.legal_entity),
        debtor=mandate.debtor_name,
        former=str(change.former_masked),
        account=change.iban or "",
        signed_on=cast(date, mandate.signed_on),
        language="en" if mandate.language == "en" else "fr",
        signature=signature,
        mark=drawn(mark_for(mandate.org_path, mandate.language)),
    )


def confirm_account(change: MandateAmendment, link: SignedLink, visitor: dict[str, str]) -> None:
    """Seal what the debtor confirmed, and tell whoever signed the mandate and pays its debits.

    Raises Refused if the mandate or the document has changed meanwhile.
    """
    mandate, at = change.mandate, clock.now()
    if not is_open_to_change(mandate):
        raise Refused(_("Seul un mandat signé et en vigueur peut changer de compte."))
    if sha256(change_pdf(change)).hexdigest() != change.shown_sha256:
        raise Refused(_("Le document a changé depuis qu'il vous a été présenté : relisez-le."))
    trace = ElectronicSignature(
        signer=str(change.signer_name),
        role=str(change.signer_role),
        at=at,
        channel=mask_email(link.recipient),
        shown_sha256=str(change.shown_sha256),
    )
    sealed = seal_for(change_pdf(change, trace), mandate)
    document = keep_pdf(mandate, sealed, "mandate_account", f"{mandate.rum}-compte.pdf")
    change.confirm(document, at=at, by=Signer(f"{change.signer_name} ({link.recipient})"))
    mandate.note(
        What.ACCOUNT_CONFIRMED,
        visitor,
        former=str(change.former_masked),
        account=str(change.iban_masked),
        signer=str(change.signer_name),
        role=str(change.signer_role),
        shown_sha256=str(change.shown_sha256),
        sealed_sha256=document.sha256,
    )
    billing = mandate.customer.contact(ContactRole.BILLING).email
    for address in dict.fromkeys((link.recipient, mandate.signer_email or billing, billing)):
        queue_mail(
            address,
            "sepa/mail_account_changed.txt",
            about=mandate,
            owner=mandate.customer.organisation,
            language=mandate.language,
            attach=[document] if address == link.recipient else None,
            mandate=mandate,
            entity=mandate.legal_entity,
            change=change,
            day=plain_day((at + HOLD).date()),
        )


def changes_to_apply() -> list[MandateAmendment]:
    """Confirmed a day ago or more, on mandates whose rows are not just being written to a bank file."""
    frozen = exists().where(
        Collection.mandate_id == MandateAmendment.mandate_id, Collection.state == CollectionState.FROZEN
    )
    query = select(MandateAmendment).where(MandateAmendment.state == AmendmentState.CONFIRMED)
    query = query.where(MandateAmendment.confirmed_at <= clock.now() - HOLD, ~frozen)
    return list(db.session.scalars(query.order_by(MandateAmendment.id)))
