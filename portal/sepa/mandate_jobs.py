"""What time does to mandates: a confirmed account starts to count."""

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.account_change import changes_to_apply
from portal.sepa.models import Mandate, MandateAmendment
from portal.sepa.models.amendment import is_open_to_change

APPLY_ACCOUNT = "sepa.apply_account"


def _this_hour() -> str:
    return f"{clock.now():%Y-%m-%dT%H}"


@jobs.periodic("sepa.accounts", _this_hour)
def apply_confirmed_accounts() -> None:
    for change in changes_to_apply():
        jobs.enqueue(APPLY_ACCOUNT, f"{change.uid}:{_this_hour()}", change.mandate.customer.organisation)


@jobs.job(APPLY_ACCOUNT)
def apply_account(claim: jobs.Claim) -> None:
    """The mandate is held, so that no signer and no colleague acts on it at the same time."""
    query = select(MandateAmendment).where(MandateAmendment.uid == claim.ref.split(":")[0])
    change = db.session.scalars(query).one()
    db.session.scalars(
        select(Mandate).where(Mandate.id == change.mandate_id).with_for_update(of=Mandate)
    ).one()
    if change not in changes_to_apply():
        return
    if is_open_to_change(change.mandate):
        change.apply()
    else:
        change.withdraw(by=SYSTEM)
    claim.step(done=1, total=1)
