"""What a platform has been told of an invoice, and what it has said, on the invoice's page."""

from typing import Any

from flask import g
from sqlalchemy import select

from portal.access import GRANTS, Permission
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.db import db
from portal.panels import Panel
from portal.platform.models import PlatformMessage, PlatformStatus


@invoice_panel(rank=60)
def platform_panel(invoice: Invoice) -> Panel | None:
    if g.actor.role not in GRANTS[Permission.BILLING_READ]:
        return None
    said = _of(PlatformMessage, invoice)
    heard = _of(PlatformStatus, invoice)
    return Panel("platform/_invoice.html", {"said": said, "heard": heard}) if said or heard else None


def _of(model: Any, invoice: Invoice) -> list[Any]:
    return list(db.session.scalars(select(model).where(model.invoice_id == invoice.id).order_by(model.id)))
