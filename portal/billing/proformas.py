"""Issues pro-formas: of an order, before anything is delivered, and of a renewal, before it begins."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from portal import clock
from portal.billing.documents import proforma_draft
from portal.billing.issue import parties_of
from portal.billing.models import Proforma
from portal.billing.rules import Priced, totals
from portal.billing.vat import Vat
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.papers import promise
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import LegalEntity, next_number


def issue_proforma(
    customer: Customer,
    entity: LegalEntity,
    line: Priced,
    vat: Vat | None,
    *,
    valid_through: date,
    subject: Any,
    notes: Sequence[str] = (),
    references: Sequence[tuple[str, str]] = (),
    method: Method = Method.WIRE,
    order_uid: str = "",
    subscription_uid: str | None = None,
    period_on: date | None = None,
) -> Proforma:
    """Number and freeze a request for payment of one line, inside the present transaction.

    valid_through: Paris day until which its price is kept, or, of a renewal (``subscription_uid``, with the
    first day of its period), until which it is to be paid. subject: whose page has it. notes: sentences
    under the line. references: names and numbers for its head, in the customer's language. method: by which
    it is to be paid.

    Source: 000-17, 001-14.
    """
    today, sums = clock.today(), totals([line])
    row = Proforma(
        organisation=customer.organisation,
        legal_entity_id=entity.id,
        customer_id=customer.id,
        number=next_number(entity, "PF", today.year),
        order_uid=order_uid,
        subscription_uid=subscription_uid,
        period_on=period_on,
        sale_vat=asdict(vat) if vat and subscription_uid else None,
        issued_on=today,
        valid_through=valid_through,
        gross_cents=sums.gross_cents,
    )
    row.document = promise(
        proforma_draft(
            row.number,
            parties_of(customer, entity),
            [line],
            sums,
            issued_on=today,
            valid_through=valid_through,
            payee=entity,
            vat=vat,
            language=customer.language,
            notes=notes,
            references=references,
            method=method,
            renewal=subscription_uid is not None,
            mark=mark_for(customer.org_path, customer.language),
        ),
        owner=customer.organisation,
        subject=subject,
        kind="proforma",
        filename=f"{row.number}.pdf",
        urgent=True,
    )
    db.session.add(row)
    db.session.flush()
    return row
