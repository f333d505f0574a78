"""The same words once more: for a mail that was lost, or sent to an address that is no longer right."""

from datetime import timedelta
from email.utils import make_msgid

from sqlalchemy import func, select

from portal import clock, jobs
from portal.actor import Actor, owner_of
from portal.blobs import Document
from portal.db import db
from portal.errors import Refused
from portal.journal import JournalEntry, record
from portal.mail.addresses import own_address
from portal.mail.kinds import KINDS
from portal.mail.rows import KIND, Mail, MailState
from portal.wording import N_

PER_DAY = 3  # times that one mail leaves again within a day
_DAY = timedelta(days=1)
_VERB = "send_again"


def never_again(mail: Mail, to: str = "") -> str:
    """Why a mail like this is not sent again to an address, its own for ""; "" when it may be.

    What was refused goes to the same address with the same link: nobody has seen it. A code lives too
    shortly, and a link that has left was for that address and may have been used.
    """
    kind, stays = KINDS.get(mail.kind), to in ("", mail.recipient)
    if mail.state == MailState.QUEUED:
        return N_("Ce message n'est pas encore parti : il n'est pas à renvoyer.")
    if mail.state == MailState.DECLINED:
        return N_("Cette personne ne souhaite pas recevoir ces messages.")
    if kind is not None and kind.once and (kind.is_code or not (mail.is_undelivered and stays)):
        return kind.once
    if kind is None and not (mail.is_undelivered and stays):
        return N_("Ce message est trop ancien pour que l'on sache s'il porte un lien personnel.")
    return ""


def why_not_again(mail: Mail, to: str = "") -> str:
    """The same, and what only the other rows know: its attachments, and how often it has left lately."""
    if reason := never_again(mail, to):
        return reason
    if _has_lost_a_document(mail):
        return N_("La pièce jointe de ce message a été effacée.")
    if _times_lately(mail.copy_of or mail.uid) >= PER_DAY:
        return N_("Ce message est déjà reparti trois fois en un jour : vérifiez plutôt l'adresse.")
    return ""


def send_again(mail: Mail, *, by: Actor, to: str = "") -> Mail:
    """Send a mail once more, to its own address or to ``to``; answers the row that leaves.

    What was refused goes back into the queue when its address stays; otherwise it is a new row with the same
    words. Raises Refused for what :func:`why_not_again` says.
    """
    root = _locked(mail)
    if reason := why_not_again(mail, to):
        raise Refused(reason)
    to = to or mail.recipient
    leaving = _queued_again(mail) if mail.is_undelivered and to == mail.recipient else _copy(mail, to)
    before, answer = mail.recipient, mail.server_answer
    record(root, _VERB, by=by, to=to, formerly=before, answer=answer, mail=leaving.uid)
    leaving.server_answer = ""
    return leaving


def _locked(mail: Mail) -> Mail:
    """The first of the same words: whoever sends them again at the same moment waits, and is counted."""
    query = select(Mail).where(Mail.uid == (mail.copy_of or mail.uid))
    root = db.session.scalars(query.with_for_update(key_share=True)).one()
    db.session.refresh(mail)
    return root


def _queued_again(mail: Mail) -> Mail:
    mail.state, mail.again_at = MailState.QUEUED, clock.now()
    if jobs.find_task(KIND, mail.uid) is None:  # it ended so long ago that it was cleared away
        jobs.enqueue_first(KIND, mail.uid, owner_of(mail), lane=jobs.Lane.PROMPT)
    else:
        jobs.do_again(KIND, mail.uid)
    return mail


def _copy(mail: Mail, to: str) -> Mail:
    owner = owner_of(mail)
    made = Mail(
        organisation=owner,
        recipient=to,
        subject=mail.subject,
        language=mail.language,
        kind=mail.kind,
        sender=mail.sender,
        reply_to=mail.reply_to,
        subject_uid=mail.subject_uid,
        attachments=list(mail.attachments),
        state=MailState.QUEUED,
        message_id=make_msgid(domain=own_address().domain or "localhost"),
        copy_of=mail.copy_of or mail.uid,
    )
    made.body = mail.body
    db.session.add(made)
    jobs.enqueue_first(KIND, made.uid, owner, lane=jobs.Lane.PROMPT)
    return made


def _times_lately(uid: str) -> int:
    query = select(func.count(JournalEntry.id)).where(
        JournalEntry.subject_uid == uid,
        JournalEntry.what == _VERB,
        JournalEntry.created_at > clock.now() - _DAY,
    )
    return db.session.scalar(query) or 0


def _has_lost_a_document(mail: Mail) -> bool:
    if not mail.attachments:
        return False
    lost = select(func.count(Document.id)).where(Document.uid.in_(mail.attachments), Document.erased)
    return bool(db.session.scalar(lost))
