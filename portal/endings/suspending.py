"""A suspension at once, by a person, for the causes that a contract lists; it lasts until one lifts it."""

from typing import Any

from flask_babel import gettext as _

from portal.actor import Actor
from portal.answers.rules.breaches import may_suspend_at_once
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.mail import queue_mail
from portal.subscriptions.models import Subscription
from portal.terms.values import Value


def causes_to_suspend(subscription: Subscription) -> Value | None:
    """The causes for which this contract is suspended at once; None where it lists none."""
    return subscription.present_terms.find("suspension.immediate_causes")


def suspend_at_once(subscription: Subscription, cause: str, facts: str, *, by: Actor) -> None:
    """Tell the customer and suspend. No data is touched, no term becomes longer.

    Raises Refused for a cause that the contract does not list, and for one that is suspended or over.

    Source: 003-14, 003-16.
    """
    listed = causes_to_suspend(subscription)
    if listed is None or not may_suspend_at_once(cause, listed.value):
        raise Refused(_("Le contrat ne permet pas de suspendre pour cette cause."), field="cause")
    subscription.suspend(listed.clause, cause=cause, by=by)
    _tell(subscription, "suspended", cause=cause, facts=facts)


def lift(subscription: Subscription, why: str, *, by: Actor) -> None:
    """The cause is gone: the customer is told. One for an unpaid bill ends by its payment, or with finance.

    Raises Refused where nothing is suspended, or for another reason.

    Source: 003-14.
    """
    if not subscription.suspended_cause:
        raise Refused(_("Cet abonnement n'est pas suspendu."))
    subscription.reinstate(why, by=by)
    _tell(subscription, "reinstated", why=why)


def _tell(subscription: Subscription, what: str, **context: Any) -> None:
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        f"endings/mail_{what}.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        **context,
    )
