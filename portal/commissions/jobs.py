"""Each month, on its second day, the statements of the month before."""

from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.catalogue.price_lists import PriceKind, ResellerPrice
from portal.commissions.making import state_month
from portal.db import db
from portal.deadlines import add_months
from portal.resellers.reseller import Reseller


def _month() -> str:
    """The one that its second day begins: on the first, bank files of the last day may still come in."""
    return f"{clock.today() - timedelta(1):%Y-%m}"


@jobs.periodic("commissions.month", _month)
def ask_for_statements() -> None:
    """Of each reseller with an agreed price; who has earned nothing gets none.

    Source: C. com. L134-9.
    """
    agreed = select(ResellerPrice.organisation_id).where(ResellerPrice.kind == PriceKind.WHOLESALE)
    month = add_months(date.fromisoformat(f"{_month()}-01"), -1)
    query = select(Reseller).where(Reseller.organisation_id.in_(agreed)).order_by(Reseller.id)
    for reseller in db.session.scalars(query):
        jobs.enqueue("commissions.write", f"{reseller.uid}:{month:%Y-%m}", reseller.organisation)


@jobs.job("commissions.write", jobs.Lane.RUNS)
def write_statements(claim: jobs.Claim) -> None:
    """Statement, lines, paper and what pays it are one transaction: killed, nothing is half."""
    uid, _colon, month = claim.ref.partition(":")
    reseller = db.session.scalars(select(Reseller).where(Reseller.uid == uid)).one()
    state_month(reseller, date.fromisoformat(f"{month}-01"))
    claim.step(done=1, total=1)
