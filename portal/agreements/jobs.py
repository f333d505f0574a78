"""The worker's part: versions are written, and links leave, some customers at a time."""

from portal import jobs
from portal.agreements import acts
from portal.journal import SYSTEM


@jobs.periodic("agreements.day", jobs.daily)
def look_at_the_agreements() -> None:
    """Source: regulation (EU) 2016/679, art. 28 (3), (9); 003-56."""
    acts.begin_the_day()


@jobs.job(acts.PREPARE, jobs.Lane.UPKEEP)
def prepare(claim: jobs.Claim) -> None:
    """Some customers are one step; after a kill it goes on with who has none yet.

    Source: regulation (EU) 2016/679, art. 28 (3), (9).
    """
    done = int(claim.cursor or 0)
    while count := acts.prepare_some():
        done += count
        claim.step(cursor=str(done), done=done)


@jobs.job(acts.SEND, jobs.Lane.MAIL)
def send(claim: jobs.Claim) -> None:
    """Some mails are one step: a row and its mail are one transaction, so that nobody has two.

    Source: regulation (EU) 2016/679, art. 28 (9).
    """
    done = int(claim.cursor or 0)
    while count := acts.send_some(by=SYSTEM):
        done += count
        claim.step(cursor=str(done), done=done)
