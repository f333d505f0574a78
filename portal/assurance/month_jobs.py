"""In the first days of a month each customer and each reseller gets the report of the one before, once."""

from datetime import date

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.assurance.jobs import month_before
from portal.assurance.month_papers import report_to_customer, report_to_house
from portal.assurance.months import BackupMonth
from portal.assurance.packs import bounds_of
from portal.backups.models import Machine
from portal.customers.models import Customer
from portal.db import db


@jobs.periodic("assurance.months", jobs.daily)
def ask_for_reports() -> None:
    """Whoever was missed on a day, because nobody worked, is made up for on the next."""
    month = month_before(clock.today())
    made = select(BackupMonth.subject_uid).where(BackupMonth.month == month)
    watched = Machine.is_watched & (Machine.created_at < bounds_of(month)[1])
    customers = select(Customer).where(Customer.id.in_(select(Machine.customer_id).where(watched)))
    houses = set()
    for customer in db.session.scalars(customers.order_by(Customer.id)):
        houses.add(customer.reseller_id)
        if customer.uid not in set(db.session.scalars(made)):
            jobs.enqueue("assurance.month", f"c:{customer.uid}:{month:%Y-%m}", customer.organisation)
    for house in db.session.scalars(select(Organisation).where(Organisation.id.in_(houses))):
        if house.uid not in set(db.session.scalars(made)):
            jobs.enqueue("assurance.month", f"h:{house.uid}:{month:%Y-%m}", house)


@jobs.job("assurance.month", jobs.Lane.PAPERS)
def write_report(claim: jobs.Claim) -> None:
    kind, uid, text = claim.ref.split(":")
    month = date.fromisoformat(f"{text}-01")
    if kind == "c":
        report_to_customer(db.session.scalars(select(Customer).where(Customer.uid == uid)).one(), month)
    else:
        report_to_house(db.session.scalars(select(Organisation).where(Organisation.uid == uid)).one(), month)
    claim.step(done=1, total=1)
