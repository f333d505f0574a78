"""The worker's part: notices of breaches and of sub-processors leave, customer by customer."""

from sqlalchemy import select

from portal import jobs
from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db
from portal.privacy import expiring, processing, subprocessor_acts
from portal.privacy.choosing import customers_of
from portal.privacy.models import BreachUpdate
from portal.privacy.subprocessors import ChangeState, SubProcessorChange
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


@jobs.job(subprocessor_acts.TELL, jobs.Lane.MAIL)
def tell_of_subprocessor(claim: jobs.Claim) -> None:
    """One customer is one step; whoever was told already is passed over, and a change that was dropped.

    Source: 003-56.
    """
    uid, _colon, _day = claim.ref.partition(":")
    change = db.session.scalars(select(SubProcessorChange).where(SubProcessorChange.uid == uid)).one()
    for told in subprocessor_acts.told_of_change(change):
        db.session.refresh(change)
        if change.state != ChangeState.TOLD:
            return
        if told.customer.id > int(claim.cursor or 0):
            subprocessor_acts.write_to(told, change)
            claim.step(cursor=str(told.customer.id))


@jobs.job(expiring.EXPIRE, jobs.Lane.UPKEEP)
def expire(claim: jobs.Claim) -> None:
    """One portion of records is one step; asked again, or after a kill, what is gone is passed over.

    Source: regulation (EU) 2016/679, art. 5 (1) (e).
    """
    owner = db.session.get_one(Organisation, claim.organisation_id)
    for number, _step in enumerate(expiring.expire_steps(owner), 1):
        claim.step(done=number)


@jobs.periodic("privacy.expire", jobs.daily)
def ask_to_expire() -> None:
    """Source: regulation (EU) 2016/679, art. 5 (1) (e)."""
    expiring.ask_to_expire()


@jobs.periodic("privacy.register", jobs.daily)
def keep_registers() -> None:
    """A version of each provider's register, where it says something else than the last one.

    Source: regulation (EU) 2016/679, art. 30; 001-37.
    """
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    for owner in db.session.scalars(query.order_by(Organisation.id)).all():
        processing.keep_version(owner)


@jobs.periodic("privacy.subprocessors", jobs.daily)
def change_subprocessors() -> None:
    """Source: 003-56."""
    subprocessor_acts.begin_the_day()
