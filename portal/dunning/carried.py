"""Late invoices of the former system: asked for by mail, twice at most; what follows is for people.

Their contract is not in the portal, so they cost no late fee here, and nothing is suspended for them.
"""

from datetime import timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.billing.carried import BalanceKind, BalanceState, CarriedBalance
from portal.customers.models import ContactRole, Customer
from portal.db import db
from portal.dunning.models import ladder_of, setting_of
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.resellers.models import LegalEntity, issuer_for

_MOST = 2


@jobs.periodic("dunning.carried", jobs.daily)
def remind_of_carried() -> None:
    """One mail for a customer, on the days of the ladder of a house that sends by itself.

    Source: 003-15; C. civ. 1344 (whoever does not pay is asked first).
    """
    query = select(CarriedBalance).where(
        CarriedBalance.kind == BalanceKind.INVOICE,
        CarriedBalance.state == BalanceState.OWED,
        CarriedBalance.due_on < clock.today(),
        CarriedBalance.reminders < _MOST,
    )
    late: dict[int, list[CarriedBalance]] = {}
    for row in db.session.scalars(query.order_by(CarriedBalance.customer_id, CarriedBalance.due_on)):
        late.setdefault(row.customer_id, []).append(row)
    for rows in late.values():
        entity = issuer_for(rows[0].customer)
        setting = setting_of(entity)
        due = [row for row in rows if _is_due(row, entity)]
        if due and setting is not None and setting.by_itself:
            tell_of_carried(rows[0].customer, due, entity)


def _is_due(row: CarriedBalance, entity: LegalEntity) -> bool:
    ladder = ladder_of(entity)
    days = ladder.second_days if row.reminders else ladder.reminder_days
    return row.due_on + timedelta(days) <= clock.today()


def tell_of_carried(customer: Customer, rows: list[CarriedBalance], entity: LegalEntity) -> None:
    for row in rows:
        row.reminders += 1
        record(row, "remind", by=SYSTEM)
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "dunning/mail_carried.txt",
        about=customer,
        owner=customer.organisation,
        language=customer.language,
        balances=rows,
        total=sum(row.gross_cents for row in rows),
        entity=entity,
    )
