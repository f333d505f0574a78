"""The day before planned work."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.desk.models import WorkOrder, WorkState
from portal.desk.quoting import tell_customer, tell_technician


@jobs.periodic("work.tomorrow", jobs.daily)
def remind() -> None:
    """Customer and technician are reminded on the day before, once for each day that was planned.

    Source: 002-10, 004-10.
    """
    tomorrow = clock.today() + timedelta(days=1)
    query = select(WorkOrder).where(WorkOrder.state == WorkState.PLANNED)
    for order in db.session.scalars(query.order_by(WorkOrder.id)).all():
        if order.planned_at is None or clock.paris_day(order.planned_at) != tomorrow:
            continue
        if jobs.first_time(f"work.tomorrow:{order.uid}", tomorrow.isoformat()):
            tell_customer(order, "desk/mail_tomorrow.txt")
            tell_technician(order)
    db.session.commit()
