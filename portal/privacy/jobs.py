"""The worker's part: a notice of a breach leaves, customer by customer."""

from sqlalchemy import select

from portal import jobs
from portal.db import db
from portal.privacy.choosing import customers_of
from portal.privacy.models import BreachUpdate
from portal.privacy.telling import TELL, write_to


@jobs.job(TELL, jobs.Lane.PROMPT)
def tell_customers(claim: jobs.Claim) -> None:
    """One customer is one step; asked again, or after a kill, whoever was told already is passed over.

    Source: 001-40, 003-58.
    """
    uid, _colon, _mark = claim.ref.partition(":")
    update = db.session.scalars(select(BreachUpdate).where(BreachUpdate.uid == uid)).one()
    for customer in customers_of(update.breach):
        if customer.id > int(claim.cursor or 0):
            write_to(customer, update)
            claim.step(cursor=str(customer.id))
