"""Keeps what a platform says: each status once, and none lost."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation
from portal.billing.einvoice_models import EInvoiceRecord
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import SYSTEM, record
from portal.platform.models import Platform, PlatformMessage, PlatformStatus
from portal.platform.rules import CODES, REFUSALS, may_follow
from portal.wording import N_


def keep_status(platform: Platform, told: Any) -> bool:
    """Keep one status, whatever is wrong with it; is it new?

    A refusal (210, 213) puts the document among what finance has to see to, with the platform's words.
    """
    told = told if isinstance(told, dict) else {}
    number, code, at = str(told.get("number", ""))[:35], str(told.get("code", ""))[:3], _instant(told)
    name = str(told.get("id", "")) or f"{number}\x1f{code}\x1f{told.get('at')}"
    key = hashlib.sha256(name.encode()).hexdigest()
    own = PlatformStatus.platform_id == platform.id
    if db.session.scalar(select(PlatformStatus.id).where(own, PlatformStatus.key == key)) is not None:
        return False
    document = _document(platform, number)
    row = PlatformStatus(
        organisation=db.session.get_one(Organisation, platform.organisation_id),
        platform_id=platform.id,
        invoice_id=document.invoice_id if document else None,
        key=key,
        number=number,
        code=code,
        at=at or clock.now(),
        reason=str(told.get("reason", ""))[:300],
        why=_fault(platform, document, number, code, at),
    )
    db.session.add(row)
    db.session.flush()
    if not row.why and (message := _message(platform, document, number)) is not None:
        _follow(message, row)
    return True


def _instant(told: dict[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(told.get("at")))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _document(platform: Platform, number: str) -> EInvoiceRecord | None:
    query = select(EInvoiceRecord).where(EInvoiceRecord.legal_entity_id == platform.legal_entity_id)
    return db.session.scalars(query.where(EInvoiceRecord.number == number)).first()


def _fault(
    platform: Platform, document: EInvoiceRecord | None, number: str, code: str, at: datetime | None
) -> str:
    """Why somebody has to look at a status; "" where it follows its document's last one."""
    if code not in CODES or at is None:
        return said(Refused(N_("Ce statut ne se lit pas : son code ou son instant manque.")))
    if document is None and _message(platform, None, number) is None:
        return said(Refused(N_("Aucune facture électronique n'a ce numéro.")))
    kept = select(PlatformStatus.code).where(
        PlatformStatus.platform_id == platform.id, PlatformStatus.number == number, PlatformStatus.why == ""
    )
    before = db.session.scalars(kept.order_by(PlatformStatus.id.desc())).first() or ""
    if may_follow(code, before):
        return ""
    return said(
        Refused(N_("Le statut %(code)s ne peut pas suivre %(before)s."), code=code, before=before or "–")
    )


def _message(platform: Platform, document: EInvoiceRecord | None, number: str) -> PlatformMessage | None:
    """What was said of it: its document, or the report of that number."""
    query = select(PlatformMessage).where(PlatformMessage.platform_id == platform.id)
    if document is not None:
        return db.session.scalars(query.where(PlatformMessage.einvoice_id == document.id)).one_or_none()
    own = query.where(PlatformMessage.number == number, PlatformMessage.report_id.is_not(None))
    return db.session.scalars(own).one_or_none()


def _follow(message: PlatformMessage, row: PlatformStatus) -> None:
    if message.invoice is not None:
        record(message.invoice, "platform_status", by=SYSTEM, number=row.number, code=row.code)
    if row.code in REFUSALS and message.can("refuse"):
        message.note_answer(row.reason or row.code, by=SYSTEM)
