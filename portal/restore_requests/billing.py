"""What the contract of a vault says of billing its restores."""

from datetime import date

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.engine.models import Vault
from portal.restore_requests.kinds import Cause
from portal.restore_requests.rules import is_billable
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Sentence


def contract_of(vault: Vault) -> Subscription | None:
    query = select(Subscription).where(Subscription.uid == vault.subscription_uid)
    return db.session.scalars(query).one_or_none()


def free_cause_of(vault: Vault, day: date) -> Value | None:
    """The one cause that the contract of that day covers."""
    subscription = contract_of(vault)
    return subscription.terms.on(day).find("restore.free_cause") if subscription else None


def billing_of(vault: Vault, cause: Cause, asked_on: date | None = None) -> Answered:
    """Whether a restore for this cause is billed, and why. asked_on: a Paris day; today without one.

    Source: 002-08, 004-10.
    """
    source = free_cause_of(vault, asked_on or clock.today())
    if source is None:
        working = Sentence(N_("Le contrat est muet : rien n'est facturé, sauf décision du technicien."), {})
        return answered("restore_billing", "no", working=working)
    if is_billable(cause, source.value):
        working = Sentence(N_("Seule une panne du matériel hébergé est couverte ; la cause est autre."), {})
        return answered("restore_billing", "price_of_the_day", source, working=working)
    working = Sentence(N_("La cause est une panne du matériel hébergé : couverte."), {})
    return answered("restore_billing", "no", source, working=working)
