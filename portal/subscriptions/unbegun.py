"""What was billed for periods that never begin comes back at once: no debit collects it first."""

from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.billing.balance import SURPLUS_DAYS
from portal.billing.credit_notes import charge_of, rest_of
from portal.billing.models import Invoice, InvoiceLine
from portal.subscriptions.called_off import call_off, unbegun
from portal.subscriptions.giving_back import credit, lines_of, reason_of
from portal.subscriptions.models import Subscription


def credit_unbegun(subscription: Subscription, *, by: Actor) -> None:
    """On the day of a notice that gives them back: credited where invoiced, else owed no more.

    The credit note calls off, or lowers, a debit that was announced for them, and says so in its mail.

    Source: 000-57, 001-47, 003-45, 003-50.
    """
    charges = unbegun(subscription)
    ids = {row.id for row in charges}
    lines = [line for line in lines_of(subscription) if charge_of(line).id in ids]
    mark = f"{clock.now():%H%M%S}"
    for charge in charges:
        call_off(subscription, charge, mark)
        if charge.invoice_id is None:
            charge.dropped_on = clock.today()
            with force_locale("fr"):
                charge.dropped_why = _("Cette période ne commence pas : le contrat finit avant.")
    by_invoice: dict[int, tuple[Invoice, list[InvoiceLine]]] = {}
    for line in lines:
        by_invoice.setdefault(line.invoice_id, (line.invoice, []))[1].append(line)
    for invoice, found in by_invoice.values():
        credit(
            subscription,
            invoice,
            rest_of(invoice, found),
            reason_of(subscription),
            subscription.refund_clause or "",
            (subscription.ends_on or clock.today()) + timedelta(SURPLUS_DAYS),
            by,
            "unbegun",
        )
