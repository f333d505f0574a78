"""The end of the current period and the last day to refuse it, kept on each subscription as the engine gives
them.

Lists and jobs filter on the two columns; nothing is decided by them that the engine is not asked again for.
"""

from sqlalchemy import or_, select, update

from portal import clock, jobs
from portal.answers.run import answer
from portal.db import db
from portal.errors import Refused
from portal.subscriptions.amendments import SignedAmendment
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import GOING_ON, Subscription


def keep_term(subscription: Subscription) -> None:
    """Set both columns as of today; None where the contract goes on without a term."""
    try:
        told = answer(bare_case(subscription))
    except Refused:  # a contract that is not open to this customer: the page of the contract says so
        return
    ends, last = told.find("renewal") or told.find("term_ends"), told.find("last_notice_day")
    kept = {"period_ends_on": ends and ends.on, "last_notice_on": last and last.on}
    # Past the row's version: nobody who changes the subscription meanwhile is overtaken by a kept day.

    db.session.execute(update(Subscription).where(Subscription.id == subscription.id).values(**kept))


@jobs.periodic("subscriptions.terms", jobs.hourly)
def keep_terms() -> None:
    """Move on every subscription whose period is over or whose contract changes today; fill those without a
    day.
    """
    today = clock.today()
    changed = select(SignedAmendment.subscription_id).where(SignedAmendment.effective_on == today)
    due = or_(
        Subscription.period_ends_on.is_(None),
        Subscription.period_ends_on <= today,
        Subscription.id.in_(changed),
    )
    query = select(Subscription).where(due, Subscription.state.in_(GOING_ON))
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        keep_term(subscription)
