"""Keeps what the rules said of each e-invoice, in the transaction that says its PDF is there."""

import hashlib
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import CreditNote
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState, EInvoicing
from portal.billing.einvoices import first_day
from portal.billing.models import Invoice
from portal.blobs import Document
from portal.db import db
from portal.errors import Refused
from portal.facturx.cii import cii
from portal.facturx.making import Made
from portal.facturx.ubl import ubl
from portal.facturx.values import CREDIT_NOTE, INVOICE, EInvoice
from portal.journal import SYSTEM, record
from portal.papers import einvoice_made, values_of
from portal.resellers.models import LegalEntity


@einvoice_made.connect
def keep_answer(document: Document, *, made: Made, **_others: Any) -> None:
    """Valid or refused, with each broken rule; the invoice's timeline says which."""
    invoice, number, kind = _subject(document)
    state = EInvoiceState.REFUSED if made.findings else EInvoiceState.VALID
    row = EInvoiceRecord(
        organisation=invoice.customer.organisation,
        legal_entity_id=invoice.legal_entity_id,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        document_id=document.id,
        type=kind,
        number=number,
        issued_on=invoice.issued_on,
        state=state,
        findings=[list(each) for each in made.findings],
        xml_sha256=hashlib.sha256(made.xml).hexdigest(),
    )
    db.session.add(row)
    what = "refuse_einvoice" if made.findings else "make_einvoice"
    record(invoice, what, by=SYSTEM, number=number, rules=sorted({each.rule for each in made.findings}))


def _subject(document: Document) -> tuple[Invoice, str, str]:
    note = db.session.scalars(select(CreditNote).where(CreditNote.document_id == document.id)).one_or_none()
    if note is not None:
        return note.invoice, note.number, CREDIT_NOTE
    invoice = db.session.scalars(select(Invoice).where(Invoice.document_id == document.id)).one()
    return invoice, invoice.number, INVOICE


def frozen_einvoice(row: EInvoiceRecord) -> EInvoice:
    """What was frozen with its paper."""
    return EInvoice.of(values_of(row.document)["einvoice"])


def xml_of(row: EInvoiceRecord, syntax: str) -> bytes:
    """The XML of a valid one, cii or ubl, from the frozen values. Raises Refused for another one."""
    if row.state != EInvoiceState.VALID:
        raise Refused(_("Cette facture n'a pas passé les contrôles : elle n'a pas de fichier électronique."))
    own = frozen_einvoice(row)
    return ubl(own) if syntax == "ubl" else cii(own)


def issue_from(entity: LegalEntity, first: date | None, *, by: Actor) -> bool:
    """Set the day of an entity's first e-invoices, None for none yet; says whether it changed.

    Raises Refused for a day that has passed: what was issued then is a PDF, and stays so.

    Source: CGI art. 289 bis; loi 2023-1322 art. 91: 1 September 2026, and 2027 for small companies.
    """
    own, before = entity.einvoicing, first_day(entity)
    if first == before:
        return False
    if first is not None and first < clock.today():
        raise Refused(_("Ce jour est passé : ses factures sont déjà émises."), field="issue_from")
    own = own or EInvoicing(organisation=entity.organisation, legal_entity=entity)
    own.issue_from = first
    db.session.add(own)
    record(entity, "einvoice_from", by=by, changed={"issue_from": [str(before), str(first)]})
    return True
