"""Wishes that a mandate, a day or the end of the contract decides."""

from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.means.acts import agree, drop_ended, go_on
from portal.resellers.models import issuer_for
from portal.sepa.models import mandate_signed
from portal.subscriptions.models import Subscription, subscription_moved

GO_ON = "means.go_on"


def _waiting() -> Any:
    return select(Subscription).where(
        Subscription.coming_method_asked_on.is_not(None),
        Subscription.coming_method == Method.DIRECT_DEBIT,
        Subscription.coming_method_from.is_(None),
    )


@mandate_signed.connect
def count_wishes(_sender: Any, *, mandate: Any) -> None:
    """In the transaction that makes it usable: what waited for this customer's mandate counts.

    A mandate between businesses waits for the debtor's bank, and the wishes with it.

    Source: 003-49, 001-12.
    """
    if not mandate.is_usable(clock.today()):
        return
    hers = _waiting().where(Subscription.customer_id == mandate.customer_id).order_by(Subscription.id)
    for subscription in db.session.scalars(hers.with_for_update(of=Subscription)).all():
        if issuer_for(subscription.customer).id == mandate.legal_entity_id:
            agree(subscription, mandate, by=SYSTEM)


@jobs.periodic("means.day", jobs.daily)
def follow_wishes() -> None:
    """One task for each wish that waits for a mandate. Source: 003-49."""
    for subscription in db.session.scalars(_waiting().order_by(Subscription.id)):
        jobs.enqueue(GO_ON, f"{subscription.uid}:{clock.today():%y%m%d}", subscription.customer.organisation)


@jobs.job(GO_ON, jobs.Lane.PROMPT)
def follow_one(claim: jobs.Claim) -> None:
    """One that fails stands among the work that failed, and is asked for the next day."""
    query = select(Subscription).where(Subscription.uid == claim.ref.partition(":")[0])
    go_on(db.session.scalars(query.with_for_update(of=Subscription)).one())
    claim.step(done=1, total=1)


@subscription_moved.connect
def drop_with_contract(subscription: Subscription, **_more: Any) -> None:
    """A contract that ends is paid no other way than the one that it has."""
    if subscription.ends_on is not None:
        drop_ended(subscription)
