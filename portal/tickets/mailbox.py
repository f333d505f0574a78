"""The mailbox of tickets, read each minute: each message the way that an MTA's pipe would bring it."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind
from portal.db import AWAY, EVERYTHING, db, set_scope
from portal.errors import Unavailable
from portal.jobs import Claim, Lane, Later
from portal.paging import first_of
from portal.tickets.imap import Folder, MailboxAway, opened
from portal.tickets.incoming import LARGEST, Filed, receive
from portal.wording import N_

log = structlog.get_logger()
FETCH, THE_MAILBOX = "tickets.fetch", "mailbox"
_SETTLED = (Filed.MESSAGE, Filed.OPENED, Filed.AGAIN, Filed.AUTOMATIC)
_PAUSE = 300  # seconds, the longest before a server that is down is asked again


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How the reading stands, for the page of work."""

    read_at: datetime | None  # UTC, the last time that it was read to its end
    left_aside: int  # messages that wait in the mailbox for a person
    error: str  # why it cannot be read at present

    @property
    def is_well(self) -> bool:
        return not self.error


def mailbox_state() -> MailboxState | None:
    """None where no mailbox is set."""
    if not current_app.config["IMAP_URL"]:
        return None
    task = jobs.find_task(FETCH, THE_MAILBOX)
    at, _space, left = (task.cursor if task else "").partition(" ")
    return MailboxState(
        datetime.fromisoformat(at) if at else None, int(left or 0), error=task.error if task else ""
    )


@jobs.periodic("tickets.mailbox", lambda: f"{clock.now():%Y-%m-%dT%H:%M}")
def ask_mailbox() -> None:
    """One task for all times: while it waits for the server, nobody asks a second time."""
    if not current_app.config["IMAP_URL"]:
        return
    provider = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    for owner in first_of(provider.order_by(Organisation.id), 1):
        jobs.enqueue(FETCH, THE_MAILBOX, owner)
        jobs.do_again(FETCH, THE_MAILBOX)


@jobs.job(FETCH, Lane.PROMPT)
def read_mailbox(claim: Claim) -> None:
    """File what waits, the oldest first. A message is marked only after its ticket was committed.

    Raises jobs.Later while the server cannot be read. No transaction is open while it is asked.
    """
    db.session.rollback()
    try:
        with opened() as folder:
            for number, uid in enumerate(folder.waiting(), 1):
                _take(folder, uid)
                set_scope(EVERYTHING)
                claim.step(done=number)
            left = folder.left_aside()
    except MailboxAway as away:
        raise Later(str(away), at_most=_PAUSE) from away
    claim.step(cursor=f"{clock.now().isoformat()} {left}")


def _take(folder: Folder, uid: str) -> None:
    """Known by its Message-ID, a message that was kept and not yet marked is only marked the next time."""
    filed = Filed.REFUSED if folder.size(uid) > LARGEST else _file(folder.content(uid))
    if filed in _SETTLED:
        folder.settle(uid)
    else:
        folder.set_aside(uid)


def _file(raw: bytes) -> Filed:
    """A message that breaks the reading is left aside: those behind it do not wait for it."""
    set_scope(EVERYTHING)
    try:
        return receive(raw).filed
    except (*AWAY, IntegrityError, Unavailable):
        raise
    except OSError as fault:
        raise Later(N_("Un message reçu ne se garde pas pour l'instant."), at_most=_PAUSE) from fault
    except Exception:
        log.exception("mail not filed")
        return Filed.REFUSED
    finally:
        db.session.rollback()
