"""The rows of monthly figures."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.accounts.models import Organisation
from portal.db import Tenant, db, new_uid


class Name(StrEnum):
    """What is counted. Amounts are cents without VAT."""

    REVENUE = "revenue"  # invoiced in the month
    MRR = "mrr"  # a month's worth of the subscriptions that run on its last day, or today
    BEGUN = "begun"  # subscriptions that began in the month
    LOST = "lost"  # that ended
    DEBITS = "debits"  # due in the month and presented
    RETURNED = "returned"  # of these, returned
    STORED = "stored"  # bytes in vaults at its end, or now
    MACHINES = "machines"  # watched, at its end or now
    ALARMS = "alarms"  # of these, machines that somebody should look at


class MonthFigure(Tenant, db.Model):
    """One figure of one reseller's month."""

    __tablename__ = "month_figure"
    __table_args__ = (
        UniqueConstraint("organisation_id", "month", "name"),
        Index("ix_month_figure_month", "month"),
    )

    month: Mapped[str] = mapped_column(String(7))  # 2026-12
    name: Mapped[Name] = mapped_column(String(20))
    value: Mapped[int] = mapped_column(BigInteger)


Figures = dict[str, Counter[Name]]  # by month


def known_months() -> set[str]:
    return set(db.session.scalars(select(MonthFigure.month).distinct()))


def keep(month: str, resellers: Iterable[Organisation], found: dict[Name, dict[int, int]]) -> None:
    """The figures of a month instead of those that were there; by name and reseller's number.

    A name that is not found is not known of that month, and what was kept of it stays.
    """
    old = MonthFigure.month == month, MonthFigure.name.in_(list(found))
    db.session.execute(delete(MonthFigure).where(*old))
    rows = [
        {
            "uid": new_uid(),
            "created_at": clock.now(),
            "organisation_id": each.id,
            "org_path": each.org_path,
            "month": month,
            "name": name,
            "value": values.get(each.id, 0),
        }
        for each in resellers
        for name, values in found.items()
    ]
    if rows:
        db.session.execute(insert(MonthFigure), rows)


def figures_since(month: str, actor: object, reseller: Organisation | None = None) -> Figures:
    """What this person may see, added up by month, from that one on; of one reseller, or of all."""
    query = MonthFigure.visible_to(actor).where(MonthFigure.month >= month)
    if reseller is not None:
        query = query.where(MonthFigure.organisation_id == reseller.id)
    months: Figures = {}
    for row in db.session.scalars(query):
        months.setdefault(row.month, Counter())[Name(row.name)] += row.value
    return months
