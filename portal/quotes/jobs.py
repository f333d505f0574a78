"""Days of quotes: their last one, and the one on which their orders are placed."""

from sqlalchemy import or_, select

from portal import clock, jobs
from portal.db import db
from portal.quotes.models import Quote, QuoteState
from portal.quotes.ordering import carry_out
from portal.quotes.sending import ORDER, ask_for_orders, expire


@jobs.periodic("quotes.expire", jobs.daily)
def expire_quotes() -> None:
    """Those that nobody answered until their last day.

    Source: 000-23.
    """
    late = select(Quote).where(Quote.state == QuoteState.SENT, Quote.valid_until < clock.today())
    for quote in db.session.scalars(late.order_by(Quote.id).with_for_update(of=Quote)).all():
        expire(quote)
    db.session.commit()


@jobs.periodic("quotes.due", jobs.daily)
def order_due_quotes() -> None:
    """One task for each accepted quote whose day has come and that nothing holds."""
    due = select(Quote).where(
        Quote.state == QuoteState.ACCEPTED,
        Quote.held_at.is_(None),
        or_(Quote.starts_on.is_(None), Quote.starts_on <= clock.today()),
    )
    for quote in db.session.scalars(due.order_by(Quote.id)).all():
        ask_for_orders(quote)
    db.session.commit()


@jobs.job(ORDER, jobs.Lane.RUNS)
def order_quote(claim: jobs.Claim) -> None:
    """The orders of one quote in one transaction: killed anywhere, the next worker begins again."""
    uid = claim.ref.partition(":")[0]
    query = select(Quote).where(Quote.uid == uid).with_for_update(of=Quote)
    carry_out(db.session.scalars(query).one())
    claim.step(done=1, total=1)
