"""The task of a mail: hand it over, wait for better times, or put it aside with the reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal import clock, jobs
from portal.clock import machine_ms
from portal.db import db, reading
from portal.jobs import Lane, Task, TaskState
from portal.mail.addresses import recipient_of
from portal.mail.delivery import Away, Refusal, deliver
from portal.mail.message import as_message
from portal.mail.rows import KIND, Mail, MailState
from portal.wording import N_

GIVE_UP = timedelta(days=5)  # as mail servers do (RFC 5321, 4.5.4.1)
_PAUSE = {Lane.PROMPT: 60}  # longest pause in seconds where a person waits
_LONG_PAUSE = 15 * 60
_SUSPECT = 3  # conversations that broke on one message before the message itself is suspected


@dataclass(frozen=True, slots=True)
class _Letter:
    """What the conversation with the relay needs: no transaction is open while it lasts."""

    message: EmailMessage | None
    to: Address | None
    give_up_at: datetime
    longest_pause: int
    put_off: int


@jobs.job(KIND, Lane.MAIL)
def send_mail(claim: jobs.Claim) -> None:
    """Hand one mail over; it ends as sent, refused or given up.

    Raises jobs.Later, for five days at most, while the relay cannot take it.
    """
    with reading():
        letter = _prepare(claim)
        db.session.rollback()
    if letter is None:
        return
    try:
        answer = _hand_over(letter)
    except Refusal as refusal:
        _end(claim, MailState.REFUSED, str(refusal))
    except Away as away:
        _wait(claim, letter, away)
    else:
        _end(claim, MailState.SENT, answer, sent_at=clock.now())


def _prepare(claim: jobs.Claim) -> _Letter | None:
    """Read everything; None for a mail that has left already. Raises Later behind an older one."""
    mail = _mail(claim)
    task = db.session.scalars(select(Task).where(Task.id == claim.task_id)).one()
    pause = _PAUSE.get(task.lane, _LONG_PAUSE)
    if mail.state != MailState.QUEUED:
        return None
    if _stands_behind(task):
        raise jobs.Later(N_("Un message plus ancien attend le serveur de messagerie."), at_most=60)
    to = recipient_of(mail.recipient)
    return _Letter(
        message=as_message(mail, to) if to else None,
        to=to,
        give_up_at=(mail.again_at or mail.created_at) + GIVE_UP,
        longest_pause=pause,
        put_off=task.put_off,
    )


def _mail(claim: jobs.Claim) -> Mail:
    return db.session.scalars(select(Mail).where(Mail.uid == claim.ref)).one()


def _stands_behind(task: Task) -> bool:
    """Does an older mail of the same organisation wait for the relay, as another worker found?

    One that the relay itself asked to try later waits for its own sake, and lets the others pass.
    """
    older = aliased(Task)
    query = (
        select(older.id)
        .join(Mail, Mail.uid == older.ref)
        .where(older.organisation_id == task.organisation_id, older.lane == task.lane)
        .where(older.state == TaskState.QUEUED, older.kind == KIND, older.id < task.id)
        .where(older.not_before > machine_ms(), Mail.server_answer == "")
    )
    return db.session.scalar(query.limit(1)) is not None


def _hand_over(letter: _Letter) -> str:
    if letter.to is None or letter.message is None:
        raise Refusal(N_("Ce n'est pas une adresse à laquelle on peut écrire."))
    return deliver(letter.message, letter.to)


def _wait(claim: jobs.Claim, letter: _Letter, away: Away) -> None:
    """Put the mail off, or give it up when its days are over.

    A fault of the relay stops every mail, so that they leave in order; what concerns one mail lets the
    others pass, and so does a message on which the conversation breaks again and again.
    """
    if clock.now() >= letter.give_up_at:
        _end(claim, MailState.GIVEN_UP, str(away))
        return
    for_all = away.for_all and not (away.in_content and letter.put_off >= _SUSPECT)
    if not for_all:
        _mail(claim).server_answer = str(away)[:300]
        claim.step()
    raise jobs.Later(str(away), at_most=letter.longest_pause, for_all=for_all)


def _end(claim: jobs.Claim, state: MailState, answer: str, sent_at: datetime | None = None) -> None:
    mail = _mail(claim)
    mail.state, mail.server_answer, mail.sent_at = state, answer[:300], sent_at
    claim.step(done=1, total=1)
