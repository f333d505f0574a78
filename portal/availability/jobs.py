"""The worker's part: announcements leave, months are worked out at their end, credits are used and lapse."""

from datetime import date

from sqlalchemy import select

from portal import clock, jobs
from portal.availability.credits import ServiceCredit, has_open_credits, propose
from portal.availability.extending import EXTEND, extend_for, touched_by
from portal.availability.models import Outage, look_for_gaps
from portal.availability.months import failed_in, previous_month
from portal.availability.planned import TELL, PlannedWork, concerned, tell_of_work
from portal.availability.promises import running
from portal.availability.using import granted, lapse_old, use_credit
from portal.db import db
from portal.deadlines import add_months
from portal.journal import SYSTEM
from portal.subscriptions.models import Subscription
from portal.terms.in_force import stacks_in_force

SETTLE, USE = "availability.settle", "availability.use"
_MONTHS_BACK = 2  # a month that is corrected later than that is settled when its page is asked for it


@jobs.job(TELL, jobs.Lane.PROMPT)
def tell_customers(claim: jobs.Claim) -> None:
    """One customer is one step; asked again, or after a kill, whoever was told already is passed over.

    Source: 000-48, 001-33, 003-26.
    """
    uid, _dot, revision = claim.ref.partition(":")
    work = db.session.scalars(select(PlannedWork).where(PlannedWork.uid == uid)).one()
    for customer in concerned(work):
        db.session.refresh(work)
        if work.revision != int(revision):
            return  # moved meanwhile: the task of that window tells everybody
        if customer.id > int(claim.cursor or 0):
            tell_of_work(customer, work)
            claim.step(cursor=str(customer.id))


@jobs.job(EXTEND, jobs.Lane.RUNS)
def extend_orders(claim: jobs.Claim) -> None:
    """One subscription is one step; asked again, or after a kill, who was extended already is passed over.

    Source: 003-37.
    """
    outage = db.session.scalars(select(Outage).where(Outage.uid == claim.ref)).one()
    for uid in touched_by(outage):
        if uid > int(claim.cursor or 0):
            extend_for(db.session.get_one(Subscription, uid), outage)
            claim.step(cursor=str(uid))


@jobs.periodic("availability.day", jobs.daily)
def begin_the_day() -> None:
    """Missing measures, credits of the last months, one task a subscription, and what has lapsed.

    Source: 003-30, 003-75.
    """
    look_for_gaps()
    lapse_old(by=SYSTEM)
    month = previous_month(clock.today())
    for _n in range(_MONTHS_BACK):
        settle_month(month, clock.today().isoformat())
        month = previous_month(month)


def settle_month(month: date, mark: str) -> None:
    """Ask for the credits of a month that is over, of each contract of which something failed in it or a
    proposal is open. mark: the same again asks for nothing.
    """
    for name, stack in stacks_in_force(clock.today()).items():
        if stack.find("sla.penalty_factor") is None:
            continue
        if not (failed_in(name, month) or has_open_credits(name, month)):
            continue
        for row in db.session.scalars(running(name, month, add_months(month, 1)).order_by(Subscription.id)):
            jobs.enqueue(SETTLE, f"{row.uid}:{month:%y%m}:{mark}", row.customer.organisation)


@jobs.job(SETTLE, jobs.Lane.RUNS)
def settle(claim: jobs.Claim) -> None:
    """The credit of one month of one subscription is proposed, or its proposal follows what is known."""
    uid, month, _mark = claim.ref.split(":")
    row = db.session.scalars(select(Subscription).where(Subscription.uid == uid)).one()
    propose(row, date(2000 + int(month[:2]), int(month[2:]), 1))
    claim.step(done=1, total=1)


@jobs.periodic("availability.use", jobs.hourly)
def look_for_invoices() -> None:
    """Granted credits look for the invoices that were issued since.

    Source: 003-30.
    """
    for credit in granted():
        jobs.enqueue(USE, f"{credit.uid}:{clock.now():%y%m%d%H}", credit.customer.organisation)


@jobs.job(USE, jobs.Lane.RUNS)
def use(claim: jobs.Claim) -> None:
    uid = claim.ref.partition(":")[0]
    use_credit(db.session.scalars(select(ServiceCredit).where(ServiceCredit.uid == uid)).one(), by=SYSTEM)
    claim.step(done=1, total=1)
