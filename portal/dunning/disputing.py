"""Disputes of an invoice by the terms of its contract: until when, and what silence means."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.billing.disputes import InvoiceDispute, dispute_closed, disputes_of, start_dispute
from portal.billing.models import Invoice, InvoiceState
from portal.billing.panels import Paper, invoice_mention
from portal.billing.rules import dispute_closes_on, is_deemed_accepted
from portal.customers.models import ContactRole
from portal.dunning.contracts import stacks_on, subscriptions_in
from portal.dunning.ladder import keep_step
from portal.errors import Refused
from portal.i18n import plain_day
from portal.mail import queue_mail
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Sentence


@invoice_mention()
def until_when(paper: Paper) -> str | None:
    """What the paper of an invoice says of its acceptance, where a contract on it does.

    Source: 003-53.
    """
    own = subscriptions_in(paper)
    on = paper.invoice.issued_on
    windows = [value for each in own if (value := each.terms.on(on).find("invoice.dispute_days")) is not None]
    if not windows:
        return None
    window = max(windows, key=lambda value: int(value.value))
    return _(
        "Sans contestation avant le %(day)s inclus, cette facture est acceptée (%(clause)s).",
        day=plain_day(dispute_closes_on(on, window.value)),
        clause=window.reference,
    )


def _window(invoice: Invoice) -> Value | None:
    """The longest of the contracts on it that name one; None where none does."""
    found = [
        value for stack in stacks_on(invoice) if (value := stack.find("invoice.dispute_days")) is not None
    ]
    return max(found, key=lambda value: int(value.value), default=None)


def acceptance_of(invoice: Invoice) -> Answered | None:
    """Until when it may be disputed, or since when it counts as accepted; None where no contract says so.

    Source: 003-53.
    """
    window = _window(invoice)
    if window is None:
        return None
    closes = dispute_closes_on(invoice.issued_on, window.value)
    working = Sentence(
        N_("Émise le %(on)s, plus %(days)d jours."), {"on": invoice.issued_on, "days": window.value}
    )
    if is_accepted(invoice):
        return answered("invoice_accepted", closes + timedelta(days=1), window, working=working)
    return answered("dispute_closes", closes, window, working=working)


def is_accepted(invoice: Invoice) -> bool:
    """Does it count as accepted for good, since nobody disputed it in time?

    Source: 003-53.
    """
    window = _window(invoice)
    if window is None:
        return False
    disputed = min((each.opened_on for each in disputes_of(invoice)), default=None)
    return is_deemed_accepted(invoice.issued_on, clock.today(), window.value, disputed)


def may_dispute(invoice: Invoice) -> bool:
    open_one = any(each.can("reject") for each in disputes_of(invoice))
    return invoice.state == InvoiceState.ISSUED and not open_one


def open_dispute(invoice: Invoice, reason: str, *, by: Actor, is_hers: bool) -> InvoiceDispute:
    """The customer, or finance for her, says what is wrong; the ladder of this invoice stands still.

    is_hers: she does it herself, and the day of the contract binds her; finance may open one later.
    Raises Refused after that day, with the clause, and for an invoice that is not owed.

    Source: 003-53, 000-21.
    """
    if invoice.state != InvoiceState.ISSUED:
        raise Refused(_("Cette facture n'est pas due."), field="reason")
    window = _window(invoice)
    if is_hers and window is not None and is_accepted(invoice):
        closes = dispute_closes_on(invoice.issued_on, window.value)
        raise Refused(
            _(
                "Cette facture pouvait être contestée jusqu'au %(day)s ; elle est acceptée depuis "
                "(%(clause)s).",
                day=closes.strftime("%d/%m/%Y"),
                clause=window.clause,
            ),
            field="reason",
        )
    dispute = start_dispute(invoice, reason, by=by)
    keep_step(invoice.customer)
    return dispute


@dispute_closed.connect
def answer_her(dispute: InvoiceDispute, **_more: Any) -> None:
    """The customer reads what was decided; the ladder goes on from where it stood."""
    customer = dispute.customer
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "dunning/mail_dispute.txt",
        about=dispute.invoice,
        owner=customer.organisation,
        language=customer.language,
        dispute=dispute,
        entity=dispute.invoice.legal_entity,
    )
    keep_step(customer)
