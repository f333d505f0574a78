"""The worker's part: coming changes are found and compared, and letters that somebody ordered are written."""

from sqlalchemy import select

from portal import jobs
from portal.db import db
from portal.law_days import finding
from portal.law_days.models import TELL, LawDay, LawDayState
from portal.law_days.telling import letters_of, write_to


@jobs.periodic("law_days.day", jobs.daily)
def look_at_the_days() -> None:
    """Source: L1 to L13; 003-04."""
    finding.look_at_the_days()


@jobs.job(finding.FIND, jobs.Lane.UPKEEP)
def find(claim: jobs.Claim) -> None:
    """Some contracts are one step; after a kill it goes on behind the last of them.

    Source: L1 to L13; 003-04.
    """
    row = _day_of(claim)
    if row.state == LawDayState.COMING:
        for after in finding.find_steps(row, int(claim.cursor or 0)):
            claim.step(cursor=str(after))


@jobs.job(TELL, jobs.Lane.MAIL)
def tell(claim: jobs.Claim) -> None:
    """One letter is one step; asked again, or after a kill, whoever has hers is passed over.

    Source: regulation (EU) 2023/2854, art. 29; 003-08.
    """
    row, after = _day_of(claim), int(claim.cursor or 0)
    while rows := letters_of(row, after):
        for contract in rows:
            after = contract.id
            write_to(contract)
            claim.step(cursor=str(after))


def _day_of(claim: jobs.Claim) -> LawDay:
    uid, _colon, _rest = claim.ref.partition(":")
    return db.session.scalars(select(LawDay).where(LawDay.uid == uid)).one()
