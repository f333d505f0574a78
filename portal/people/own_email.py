"""One's own address: another one is confirmed from its own mailbox, and the former one may stop it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Select, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.factors import end_half_sign_ins
from portal.accounts.floods import count_within
from portal.accounts.models import Person, SignIn, User, end_sign_ins, find_person, memberships_of
from portal.crypto.secrets import new_token, token_hash
from portal.db import Row, db
from portal.errors import Refused
from portal.journal import record
from portal.links import BadLink, LinkProblem, Purpose, revoke_links
from portal.mail import Addressee, link, queue_mail
from portal.people.access import send_link_again
from portal.wording import N_

CONFIRMED_WITHIN = timedelta(days=1)
STOPPED_WITHIN = timedelta(days=3)
_ASKED_MOST, _ASKED_WITHIN = 3, 3600  # changes that one person asks for, and seconds


class EmailChange(Row, db.Model):
    """A person wants another address, or has taken it; like her own row it has no place in the tree."""

    __tablename__ = "email_change"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    old_email: Mapped[str] = mapped_column(String(254))
    new_email: Mapped[str] = mapped_column(String(254))
    confirm_hash: Mapped[str] = mapped_column(String(64), unique=True)
    stop_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # another one was asked for, or this one was stopped

    person: Mapped[Person] = relationship()


def ask_email(user: User, email: str) -> None:
    """A link leaves to the new address. Whether it is somebody's already shows to its owner alone.

    Raises Refused for the address that she has, and for the fourth wish within an hour.
    """
    email = email.strip().lower()
    if email == user.email:
        raise Refused(N_("C'est déjà votre adresse."), field="email")
    if count_within(f"email:{user.person.uid}", most=_ASKED_MOST, seconds=_ASKED_WITHIN):
        raise Refused(N_("Trop de demandes : réessayez dans une heure."), field="email")
    _end_open(user.person_id)
    token = new_token()
    is_taken = find_person(email) is not None
    if not is_taken:
        values = {"old_email": user.email, "new_email": email, "confirm_hash": token_hash(token)}
        db.session.add(EmailChange(person_id=user.person_id, **values))
    record(user, "ask_email", by=user)
    queue_mail(
        Addressee(email, "" if is_taken else user.name),
        "people/mail_email.txt",
        about=user,
        owner=user.organisation,
        language=user.language or "fr",
        urgent=True,
        address="" if is_taken else link(f"/email/{token}"),
    )


def _end_open(person_id: int) -> None:
    """One wish at a time; what was confirmed may be stopped all the same."""
    waits = EmailChange.person_id == person_id, EmailChange.confirmed_at.is_(None)
    statement = update(EmailChange).where(*waits, EmailChange.ended_at.is_(None))
    db.session.execute(statement.values(ended_at=clock.now()))


def change_behind(token: str) -> EmailChange:
    """The wish that a link confirms. Raises BadLink for one that is unknown, done, ended or a day old."""
    query = select(EmailChange).where(EmailChange.confirm_hash == token_hash(token))
    row = _locked(query)
    if row.confirmed_at is not None or row.ended_at is not None:
        raise BadLink(LinkProblem.REVOKED)
    if clock.now() >= row.created_at + CONFIRMED_WITHIN or find_person(row.new_email) is not None:
        raise BadLink(LinkProblem.EXPIRED)
    return row


def stoppable(token: str) -> EmailChange:
    """The change that a link to the former address stops. Raises BadLink when its three days are over."""
    row = _locked(select(EmailChange).where(EmailChange.stop_hash == token_hash(token)))
    if row.ended_at is not None or row.confirmed_at is None:
        raise BadLink(LinkProblem.REVOKED)
    if clock.now() >= row.confirmed_at + STOPPED_WITHIN:
        raise BadLink(LinkProblem.EXPIRED)
    return row


def _locked(query: Select[Any]) -> EmailChange:
    row: EmailChange | None = db.session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise BadLink(LinkProblem.UNKNOWN)
    return row


def confirm_email(row: EmailChange, *, keep: SignIn | None) -> None:
    """The new address is hers: sessions of elsewhere end, and the former one learns how to stop it.

    keep: the session in which she confirms, if it is hers.
    """
    user = _membership(row.person)
    token = new_token()
    row.confirmed_at, row.stop_hash, row.person.email = clock.now(), token_hash(token), row.new_email
    _end_everything(user, keep)
    record(user, "change_email", by=user)
    queue_mail(
        Addressee(row.old_email, user.name),
        "people/mail_email_changed.txt",
        about=user,
        owner=user.organisation,
        language=user.language or "fr",
        urgent=True,
        address=link(f"/email/stop/{token}"),
    )


def stop_email(row: EmailChange) -> None:
    """It was not she: the former address is back, nobody is signed in, and the password opens nothing more.

    Raises Refused where somebody has taken the former address up for herself since.
    """
    other = find_person(row.old_email)
    if other is not None and other.password_hash:
        raise Refused(N_("Cette adresse est devenue celle d'un autre accès : adressez-vous au fournisseur."))
    if other is not None:
        _set_aside(other)
    user = _membership(row.person)
    row.ended_at, row.person.email = clock.now(), row.old_email
    user.password_given_at = clock.now()
    later = EmailChange.person_id == row.person_id, EmailChange.id > row.id
    db.session.execute(update(EmailChange).where(*later).values(ended_at=clock.now()))  # theirs stop nothing
    _end_everything(user, None)
    record(user, "stop_email", by=user)
    send_link_again(user, by=user)


def _set_aside(person: Person) -> None:
    """Invited at an address that was not free: nobody has come in, so nothing is lost."""
    for each in memberships_of(person):
        revoke_links(Purpose.WELCOME, each)
        each.is_enabled = False
    person.email = f"{person.uid}@retire.invalid"
    db.session.flush()


def _end_everything(user: User, keep: SignIn | None) -> None:
    end_sign_ins(user, but=keep)
    end_half_sign_ins(user)
    for each in memberships_of(user):
        if each.joined_at is not None:
            revoke_links(Purpose.WELCOME, each)  # they went to the address of before


def _membership(person: Person) -> User:
    """Through which her own affairs are written to her: an open one, if there is one."""
    every = memberships_of(person)
    return next((each for each in every if each.is_open), every[0])


def forget_email_changes(before: datetime) -> None:
    """Drop those asked for before an instant (UTC)."""
    db.session.execute(delete(EmailChange).where(EmailChange.created_at < before))
