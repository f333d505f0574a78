"""A consumer's withdrawal: until when, what comes back, and the step itself with its receipt."""

from dataclasses import dataclass, replace

from flask_babel import force_locale, format_datetime
from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.answers.case import Event
from portal.answers.run import answer
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.licensing.models import keys_of
from portal.mail import queue_mail
from portal.subscriptions.case import bare_case
from portal.subscriptions.giving_back import credit_withdrawn, days_to_pay, would_come_back
from portal.subscriptions.models import Subscription
from portal.subscriptions.waiting_keys import has_lost_right
from portal.terms.answered import Answered
from portal.wording import N_, Cents, Sentence


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal today would mean; computed, never stored."""

    last: Answered
    refund: Answered
    refund_due: Answered

    @property
    def answers(self) -> list[Answered]:
        return [self.last, self.refund, self.refund_due]


def withdrawal_of(subscription: Subscription) -> Withdrawal | None:
    """The withdrawal that is still open today; None for whoever has no such right, or not any more.

    Source: 000-36, 000-37, 000-38; L1 (C. conso L221-18 to L221-24).
    """
    if not subscription.can("withdraw") or has_lost_right(subscription):
        return None
    used, whole = days_to_pay(subscription, clock.today())
    today = Event(clock.today(), "withdraw", {"activated": False, "requested": used > 0})
    try:
        told = answer(replace(bare_case(subscription), events=(today,)))
    except Refused:
        return None
    last, refund, due = told.find("withdrawal_closes"), told.amount("refund"), told.find("refund_due")
    if last is None or refund is None or due is None:
        return None
    back = would_come_back(subscription)
    working = Sentence(
        N_("%(paid)s reçus pour ce qui est annulé, aucun frais retenu."), {"paid": Cents(back)}
    )
    if used:
        working = Sentence(
            N_(
                "%(paid)s à rendre : de la première période, %(used)d jours sur %(whole)d restent dus, "
                "car leur début a été demandé avant la fin du délai (C. conso L221-25)."
            ),
            {"paid": Cents(back), "used": used, "whole": whole},
        )
    return Withdrawal(last, replace(refund, value=Cents(back), working=working), due)


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
        if has_lost_right(subscription):
            raise Refused(
                _("Les clés sont parties tout de suite, comme demandé : le droit de se rétracter est perdu.")
            )
        raise Refused(_("Le délai de rétractation est passé, ou ce contrat n'en a pas."))
    today, customer = clock.today(), subscription.customer
    subscription.withdraw(on=today, refund_cents=open_.refund.cents, by=by)
    credit_withdrawn(subscription, clause=open_.refund.clause, due_by=open_.refund_due.on, by=by)
    for key in keys_of(customer):
        if key.source_uid == subscription.order_uid:
            key.revoke(by=by)
    with force_locale(customer.language):
        at = format_datetime(clock.now(), "d MMMM y HH:mm:ss")
        statement, refund = statement_of(subscription), eur(open_.refund.cents)
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "subscriptions/mail_withdrawn.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        at=at,
        statement=statement,
        refund=refund,
        refund_cents=open_.refund.cents,
        used_days=days_to_pay(subscription, today)[0],
        due_on=open_.refund_due.on,
    )
    return open_
