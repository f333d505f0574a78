"""A consumer's withdrawal: until when, what comes back, and the step itself with its receipt."""

from dataclasses import dataclass
from datetime import date

from flask_babel import force_locale, format_datetime
from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.licensing.models import keys_of
from portal.mail import queue_mail
from portal.subscriptions.models import Subscription
from portal.subscriptions.rules.consumers import refund_due_on, withdrawal_ends_on, withdrawal_refund_cents
from portal.terms.facts import Fact, fact_from
from portal.terms.law import Applied, applied


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal today would mean; computed, never stored."""

    last_on: date
    refund_cents: int
    refund_due_on: date
    facts: tuple[Fact, ...]


def _law(subscription: Subscription, key: str) -> Applied:
    kind, on = subscription.customer.kind.value, subscription.started_on
    return applied(subscription.terms.on(on), key, on=on, customer=kind)


def withdrawal_of(subscription: Subscription) -> Withdrawal | None:
    """The withdrawal that is still open today; None for whoever has no such right, or not any more.

    Source: 000-36, 000-37, 000-38; L1 (C. conso L221-18 to L221-24).
    """
    days, delay = _law(subscription, "withdrawal.days"), _law(subscription, "withdrawal.refund_days")
    if days.law is None or delay.law is None or not subscription.can("withdraw"):
        return None
    last = withdrawal_ends_on(subscription.started_on, days.value, to_business_day=True)
    if clock.today() > last:
        return None
    paid = subscription.quantity * subscription.unit_cents
    billed = subscription.billed_before > subscription.started_on
    refund = withdrawal_refund_cents(paid if billed else 0, 0, fees_kept=False)
    due = refund_due_on(clock.today(), delay.law.value)
    sources = [each.contract for each in (days, delay) if each.contract is not None]
    working = _(
        "Contrat du %(day)s, plus %(n)d jours, reportés au jour ouvrable suivant.",
        day=plain_day(subscription.started_on),
        n=days.value,
    )
    facts = (
        fact_from(last, *sources[:1], law=days.law, working=working, label=_("Dernier jour")),
        fact_from(eur(refund), *sources[1:], law=delay.law, label=_("Remboursement")),
        fact_from(due, *sources[1:], law=delay.law, label=_("Remboursé au plus tard le")),
    )
    return Withdrawal(last, refund, due, facts)


def statement_of(subscription: Subscription) -> str:
    """The declaration that the consumer confirms, in the language of the customer."""
    return _(
        "Je me rétracte du contrat portant sur %(product)s, conclu le %(day)s, au nom de %(name)s.",
        product=subscription.label,
        day=plain_day(subscription.started_on),
        name=subscription.customer.name,
    )


def withdraw(subscription: Subscription, *, by: Actor) -> Withdrawal:
    """Annul the contract, revoke its keys, owe the refund, and send the receipt at once.

    Raises Refused when the right does not exist or has run out.

    Source: 000-36, 000-37, 000-38; L1 (C. conso L221-21).
    """
    open_ = withdrawal_of(subscription)
    if open_ is None:
        raise Refused(_("Le délai de rétractation est passé, ou ce contrat n'en a pas."))
    today, customer = clock.today(), subscription.customer
    subscription.withdraw(on=today, refund_cents=open_.refund_cents, by=by)
    for key in keys_of(customer):
        if key.source_uid == subscription.order_uid:
            key.revoke(by=by)
    with force_locale(customer.language):
        at = format_datetime(clock.now(), "d MMMM y HH:mm:ss")
        statement, refund = statement_of(subscription), eur(open_.refund_cents)
    queue_mail(
        customer.contact(ContactRole.SIGNATORY).email,
        "subscriptions/mail_withdrawn.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        at=at,
        statement=statement,
        refund=refund,
        due_on=open_.refund_due_on,
    )
    return open_
