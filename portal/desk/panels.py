"""Where a piece of work hangs: the owner of the record gives its address."""

from portal.desk.models import WorkOrder
from portal.panels import Link, Place

work_subject: Place[WorkOrder, Link] = Place()


def subject_address(order: WorkOrder) -> Link | None:
    return next(iter(work_subject.shown(order)), None)
