"""What is to be said to a platform: valid e-invoices, and each payment of those; each found once."""

import base64
import hashlib
import json
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from portal import clock
from portal.accounts.models import Organisation
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.billing.einvoice_records import xml_of
from portal.billing.models import Payment
from portal.db import db, new_uid
from portal.ereporting.models import EReport, R
from portal.ereporting.rules import split_by_rate
from portal.ereporting.telling import body_of_report
from portal.jobs import insert_once
from portal.paging import chunk_of
from portal.platform.models import M, Platform, PlatformMessage
from portal.platform.rules import PAID

_AT_ONCE = 100


def _documents(platform: Platform) -> Select[tuple[EInvoiceRecord]]:
    known = select(PlatformMessage.einvoice_id).where(PlatformMessage.einvoice_id == EInvoiceRecord.id)
    return select(EInvoiceRecord).where(
        EInvoiceRecord.legal_entity_id == platform.legal_entity_id,
        EInvoiceRecord.state == EInvoiceState.VALID,
        EInvoiceRecord.issued_on >= platform.send_from,
        ~known.exists(),
    )


def _payments(platform: Platform) -> Select[tuple[Payment]]:
    """Of invoices whose document is said: what came, and what went back."""
    known = select(PlatformMessage.payment_id).where(PlatformMessage.payment_id == Payment.id)
    said: ColumnElement[bool] = (
        select(PlatformMessage.id)
        .where(PlatformMessage.invoice_id == Payment.invoice_id, PlatformMessage.platform_id == platform.id)
        .where(PlatformMessage.einvoice_id.is_not(None))
        .exists()
    )
    return select(Payment).where(~known.exists(), said)


def _reports(platform: Platform) -> Select[tuple[EReport]]:
    known = select(PlatformMessage.report_id).where(PlatformMessage.report_id == EReport.id)
    own = EReport.legal_entity_id == platform.legal_entity_id
    return select(EReport).where(own, EReport.state == R.READY, ~known.exists())


def has_new(platform: Platform) -> bool:
    return any(
        chunk_of(query, 1) for query in (_documents(platform), _payments(platform), _reports(platform))
    )


def gather(platform: Platform) -> int:
    """Put down what is to be said and was not yet; how many.

    Source: CGI art. 289 bis (invoices), 290 A (payments of services, taxed when they are received).
    """
    found = 0
    for record in chunk_of(_documents(platform).order_by(EInvoiceRecord.id), _AT_ONCE):
        _put_down(platform, record.invoice_id, record.number, "einvoice_id", record.id, None)
        found += 1
    for payment in chunk_of(_payments(platform).order_by(Payment.id), _AT_ONCE):
        number = payment.invoice.number
        _put_down(platform, payment.invoice_id, number, "payment_id", payment.id, payment.amount_cents)
        found += 1
    for report in chunk_of(_reports(platform).order_by(EReport.id), _AT_ONCE):
        _put_down(platform, None, report.number, "report_id", report.id, report.gross_cents)
        found += 1
    return found


def _put_down(
    platform: Platform, invoice_id: int | None, number: str, column: str, key: int, cents: int | None
) -> None:
    owner = db.session.get_one(Organisation, platform.organisation_id)
    values: dict[str, Any] = {
        "uid": new_uid(),
        "created_at": clock.now(),
        "organisation_id": owner.id,
        "org_path": owner.org_path,
        "platform_id": platform.id,
        "invoice_id": invoice_id,
        "number": number,
        "amount_cents": cents,
        "state": M.WAITING,
        "turn": 1,
        "place": "",
        "why": "",
        "version": 1,
        column: key,
    }
    insert_once(PlatformMessage, values, [column])


def body_of(message: PlatformMessage) -> bytes:
    """The JSON of a message: the document in full, the payment with its part of each rate, or the report."""
    if message.report is not None:
        return body_of_report(message.report, message.identifier)
    said: dict[str, Any] = {"id": message.identifier, "number": message.number}
    if message.einvoice is not None:
        xml = xml_of(message.einvoice, "cii")
        said |= {
            "type": message.einvoice.type,
            "issued_on": message.einvoice.issued_on.isoformat(),
            "format": "CII",
            "sha256": hashlib.sha256(xml).hexdigest(),
            "content": base64.b64encode(xml).decode(),
        }
    elif message.payment is not None and message.invoice is not None:
        rates = [(rate.basis_points, rate.net_cents + rate.vat_cents) for rate in message.invoice.rates]
        parts = split_by_rate(message.payment.amount_cents, rates)
        said |= {
            "code": PAID,
            "on": message.payment.received_on.isoformat(),
            "amount_cents": message.payment.amount_cents,
            "rates": [{"basis_points": points, "gross_cents": cents} for points, cents in parts],
        }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
