"""Hardware that a customer wore out before its time: the supplier's invoice, charged on as it is.

The contract wants the supplier's invoice shown; it goes to her with the letter that tells of the charge.
Paying for a damage is no price of a service, so that no VAT is asked (BOI-TVA-BASE-10-10-10); an accountant
confirms that for the provider's own case.

Source: 003-11 (art. 5.2).
"""

from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.models import Charge, add_charge
from portal.blobs import Document, keep
from portal.customers.models import ContactRole
from portal.db import db
from portal.endings.models import ProviderEnding
from portal.errors import Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.scans import read_scan
from portal.terms.values import Value

_CAUSES = ("breach", "grave_breach")


def worn_rule(row: ProviderEnding) -> Value | None:
    """Where the contract has such hardware paid for; None where it does not, or for another cause.

    Source: 003-11.
    """
    stated = row.subscription.terms.on(row.warned_on).find("breach.immediate")
    blocks = stated is not None and stated.value == "block"
    return stated if blocks and row.cause in _CAUSES else None


def charge_worn(
    row: ProviderEnding, number: str, invoiced_on: date, cents: int, paper: bytes, *, by: Actor
) -> None:
    """What the supplier asked, on her next invoice; she is told with the supplier's invoice attached.

    cents: without VAT. Raises Refused where the contract does not say it, for an invoice of a day to come,
    one charged already, and a file that is no PDF or picture.

    Source: 003-11.
    """
    rule, subscription = worn_rule(row), row.subscription
    if rule is None:
        raise Refused(_("Ce contrat, ou cette cause, ne fait pas payer de matériel usé."))
    if invoiced_on > clock.today():
        raise Refused(_("Ce jour est à venir."), field="invoiced_on")
    document = _kept(row, number, paper)
    customer = subscription.customer
    with force_locale(customer.language):
        label = _("Matériel usé prématurément, facture %(number)s du fournisseur", number=number)
    owed = {"label": label, "clause": rule.clause, "unit_cents": cents, "method": subscription.method}
    outside = {"includes_vat": False, "vat_basis_points": 0, "taxed": False}
    if not add_charge(customer, origin=_origin(row, number), quantity=1, **owed, **outside):
        raise Refused(_("Cette facture est déjà refacturée."), field="number")
    record(row, "charge_worn", by=by, reference=number, amount=cents)
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "endings/mail_worn.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        attach=[document],
        row=row,
        subscription=subscription,
        number=number,
        invoiced_on=invoiced_on,
        cents=cents,
        rule=rule,
    )


def _kept(row: ProviderEnding, number: str, paper: bytes) -> Document:
    scan = read_scan(paper, field="paper")
    return keep(
        scan.content,
        owner=row.subscription.customer.organisation,
        subject=row,
        kind="supplier_invoice",
        filename=f"facture-fournisseur-{len(worn_charges(row)) + 1}.{scan.suffix}",
        media_type=scan.media_type,
    )


def _origin(row: ProviderEnding, number: str) -> str:
    return f"worn:{row.uid}:{number.casefold()}"


def worn_charges(row: ProviderEnding) -> list[Charge]:
    """What was charged on so, the oldest first."""
    mine = select(Charge).where(Charge.origin.startswith(f"worn:{row.uid}:", autoescape=True))
    return list(db.session.scalars(mine.order_by(Charge.id)))
