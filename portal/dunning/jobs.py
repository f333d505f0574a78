"""Every day: broken promises, fees whose rate came, and the steps of houses that send by themselves."""

from sqlalchemy import or_, select

from portal import clock, jobs
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.db import db
from portal.dunning.acting import take_step
from portal.dunning.fees import charge_what_waited
from portal.dunning.ladder import NextStep, debts_of, keep, next_step
from portal.dunning.models import LatePayer, setting_of
from portal.dunning.plans import break_what_was_not_kept
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity


@jobs.periodic("dunning.day", jobs.daily)
def begin_the_day() -> None:
    """One task for each late customer of such a house: what breaks on one stops nobody else.

    Source: 003-15, 003-17, 004-40.
    """
    charge_what_waited()
    break_what_was_not_kept()
    late = select(Invoice.customer_id).where(
        Invoice.state == InvoiceState.ISSUED, Invoice.due_on < clock.today()
    )
    kept = select(LatePayer.customer_id)
    query = select(Customer).where(or_(Customer.id.in_(late), Customer.id.in_(kept)))
    for customer in db.session.scalars(query.order_by(Customer.id)):
        jobs.enqueue("dunning.step", f"{customer.uid}:{clock.today():%y%m%d}", customer.organisation)


@jobs.job("dunning.step", jobs.Lane.RUNS)
def remind_late_payer(claim: jobs.Claim) -> None:
    """Do what is due where her house sends by itself; otherwise keep it for the day's list."""
    uid = claim.ref.partition(":")[0]
    customer = db.session.scalars(select(Customer).where(Customer.uid == uid)).one()
    step = next_step(customer, debts_of(customer))
    if step is not None and step.is_due and _goes_by_itself(step):
        take_step(customer, by=SYSTEM)
    else:
        keep(customer, step)
    claim.step(done=1, total=1)


def _goes_by_itself(step: NextStep) -> bool:
    entities: list[LegalEntity | None] = [each.subscription.legal_entity for each in step.suspensions]
    entities += [each.subscription.legal_entity for each in step.endings]
    entities = entities or [step.entity]
    settings = [setting_of(entity) for entity in entities if entity is not None]
    return all(setting is not None and setting.by_itself for setting in settings)
