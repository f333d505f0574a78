"""Orders that nobody pays or signs: reminded once, and over when their price is kept no more."""

from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.customers.models import ContactRole
from portal.db import db
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.subscriptions.models import Order
from portal.subscriptions.order_states import WAITING
from portal.subscriptions.ordering import kept_through

_BEFORE = timedelta(days=14)  # the reminder
_ON_ITS_WAY = timedelta(days=7)  # a transfer of the last day may take so long


@jobs.periodic("orders.unpaid", jobs.daily)
def look_at_waiting_orders() -> None:
    """One task for each order that waits: what breaks on one stops nobody else.

    Source: 000-23.
    """
    query = select(Order).where(Order.state.in_(WAITING)).order_by(Order.id)
    for order in db.session.scalars(query):
        if clock.today() >= kept_through(order) - _BEFORE:
            jobs.enqueue("orders.unpaid", f"{order.uid}:{clock.today():%y%m%d}", order.customer.organisation)


@jobs.job("orders.unpaid", jobs.Lane.RUNS)
def remind_or_end(claim: jobs.Claim) -> None:
    """Remind once while the price is kept; end the order a week after its last day.

    Source: 000-23.
    """
    uid = claim.ref.partition(":")[0]
    order = db.session.scalars(select(Order).where(Order.uid == uid).with_for_update()).one()
    through = kept_through(order)
    if order.state in WAITING and clock.today() > through + _ON_ITS_WAY:
        order.lapse(by=SYSTEM)
        _tell(order, "lapsed", through)
    elif order.state in WAITING and order.reminded_on is None and clock.today() <= through:
        order.reminded_on = clock.today()
        record(order, "remind", by=SYSTEM)
        _tell(order, "reminder", through)
    claim.step(done=1, total=1)


def _tell(order: Order, what: str, through: date) -> None:
    proforma = order.proforma
    queue_mail(
        order.customer.contact(ContactRole.BILLING),
        f"subscriptions/mail_order_{what}.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        attach=[proforma.document] if what == "reminder" and proforma and proforma.document else [],
        order=order,
        proforma=proforma,
        through=through,
        entity=order.legal_entity,
    )
