"""Trying what a production stands on: a mail to oneself, an object in the store of documents."""

import secrets

from sqlalchemy import select

from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.blob_stores import store
from portal.blobs import store_faults_told
from portal.db import db, new_uid
from portal.errors import Refused
from portal.journal import JournalEntry, record
from portal.mail import Mail, queue_mail
from portal.wording import N_

_MAIL = "setup/mail_try"
_SIZE = 64 * 1024  # bytes


def try_mail(user: User) -> Mail:
    """A mail to the acting person, on the way that all take: what the server says is kept with it."""
    return queue_mail(
        user,
        f"{_MAIL}.txt",
        about=user,
        owner=user.organisation,
        language=user.language or "fr",
        urgent=True,
        user=user,
    )


def last_try(user: User) -> Mail | None:
    query = select(Mail).where(Mail.kind == _MAIL, Mail.subject_uid == user.uid)
    return db.session.scalars(query.order_by(Mail.id.desc()).limit(1)).first()


def try_store(provider: Organisation, *, by: Actor) -> None:
    """Write an object, read it back, remove it. Raises Unavailable for a store that is away, Refused for one
    that gives back something else.
    """
    key, content = f"try-{new_uid()}", secrets.token_bytes(_SIZE)
    with store_faults_told():
        store().write(key, content)
        with store().open(key) as source:
            read = source.read()
        store().delete(key)
    if read != content:
        raise Refused(N_("Le stockage rend autre chose que ce qui y a été écrit."))
    record(provider, "try_store", by=by)


def store_tried(provider: Organisation) -> JournalEntry | None:
    """The last time that it worked."""
    query = select(JournalEntry).where(
        JournalEntry.subject_uid == provider.uid, JournalEntry.what == "try_store"
    )
    return db.session.scalars(query.order_by(JournalEntry.id.desc()).limit(1)).first()
