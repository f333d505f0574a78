"""The erasure of a person: what goes at once, what stays with its law and last day, the rest on its day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation, Person, User
from portal.actor import Actor
from portal.customers.models import Contact
from portal.db import EVERYTHING, Tenant, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.mail import Mail
from portal.paging import chunk_of, first_of
from portal.people.access import close_account, runs_alone
from portal.privacy.requests import Asked, PersonRequest
from portal.privacy.retention import table
from portal.sepa.models import Mandate, MandateState
from portal.wording import N_

GONE = "–"
STEP = 200  # mails in one transaction
_ALONE = N_("C'est la dernière personne qui dirige cette organisation : il en faut une autre avant.")
IN_FORCE = (MandateState.SIGNED, MandateState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Line:
    """One record of hers. kind: of the table of what is kept; kept_until: first day without it, None where a
    person has to act first; why: in words, "" for what goes at once; role: of a contact, a ContactRole."""

    kind: str
    words: str
    kept_until: date | None = None
    source: str = ""
    why: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure does to everything that is held under one address."""

    goes: list[Line]
    stays: list[Line]


class Erasure(Tenant, db.Model):
    """One that was done: the address is known until the last of what stays has gone."""

    __tablename__ = "person_erasure"

    request_id: Mapped[int] = mapped_column(ForeignKey("person_request.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254))  # lower case; "" once everything is done
    next_on: Mapped[date | None] = mapped_column(index=True)  # first day on which more goes
    gone: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # how many, by kind
    held_why: Mapped[str] = mapped_column(String(300), default="")  # a lawsuit or an open case keeps the rest

    request: Mapped[PersonRequest] = relationship()

    def hold(self, why: str, *, by: Actor) -> None:
        """Nothing more goes while a reason is given; "" lets it go on.

        Source: regulation (EU) 2016/679, art. 17 (3) (e).
        """
        self.held_why = why
        record(self, "hold" if why else "release", by=by, reason=why)


def plan_for(email: str) -> Plan:
    """Of every house that knows the address; nothing is changed.

    Source: regulation (EU) 2016/679, art. 17 (1) and (3).
    """
    email, goes, stays = email.lower(), [], []
    kept = table()
    with scope(EVERYTHING):
        for user in _users(email):
            words = f"{user.organisation.name}, {user.name}"
            if runs_alone(user):
                stays.append(Line("account", words, None, kept["account"].source, _ALONE))
            else:
                goes.append(Line("account", words))
        for contact in _contacts(email):
            words = contact.customer.name
            if _other(contact, email) is None:
                why = N_("C'est le seul contact de ce client : il doit d'abord en nommer un autre.")
                stays.append(Line("contact", words, None, kept["contact"].source, why, contact.role))
            else:
                goes.append(Line("contact", words, role=contact.role))
        for mandate in _having(Mandate, Mandate.signer_email, email):
            stays.append(_mandate(mandate))
        for mail in first_of(_mails(email).order_by(Mail.id.desc()), 1):
            until = kept["mail"].erased_from(clock.paris_day(mail.created_at))
            why = N_("La preuve de ce qui a été dit.")
            stays.append(Line("mail", mail.subject, until, kept["mail"].source, why))
    return Plan(goes, stays)


def _mandate(row: Mandate) -> Line:
    rule = table()["mandate"]
    if row.state in IN_FORCE:
        why = N_("Ce mandat est en vigueur : la signature prouve chaque prélèvement.")
        return Line("mandate", row.rum, None, rule.source, why)
    last = row.last_presented_on or row.signed_on or clock.paris_day(row.created_at)
    why = N_("Un prélèvement se conteste pendant treize mois.")
    return Line("mandate", row.rum, rule.erased_from(last), rule.source, why)


def _users(email: str) -> list[User]:
    query = select(User).join(Person).where(Person.email == email).order_by(User.id)
    return list(db.session.scalars(query))


def _contacts(email: str) -> list[Contact]:
    return _having(Contact, Contact.email, email)


def _having(model: Any, column: Any, email: str) -> list[Any]:
    return list(db.session.scalars(select(model).where(func.lower(column) == email).order_by(model.id)))


def _mails(email: str) -> Any:
    return select(Mail).where(func.lower(Mail.recipient) == email)


def _other(contact: Contact, email: str) -> Contact | None:
    """Another person of the same customer, who takes the role over."""
    others = [each for each in contact.customer.contacts if each.email.lower() != email]
    return others[0] if others else None


def erase(row: PersonRequest, *, by: Actor) -> Erasure:
    """Do what goes at once, keep the day of the rest, and answer her with both.

    Raises Refused for another kind of request, before her identity was checked, once it is closed, and for
    one's own account.

    Source: regulation (EU) 2016/679, art. 12 (3) and 17.
    """
    row.check_open()
    if row.kind != Asked.ERASURE:
        raise Refused(N_("Cette demande ne porte pas sur un effacement."))
    if not row.identity_how:
        raise Refused(N_("Notez d'abord comment l'identité a été vérifiée."))
    plan, email, gone = plan_for(row.email), row.email, {"account": 0, "contact": 0}
    with scope(EVERYTHING):
        for contact in _contacts(email):
            if (other := _other(contact, email)) is not None:
                record(contact.customer, "erase_contact", by=by, role=contact.role)
                contact.name, contact.email, contact.phone = other.name, other.email, other.phone
                gone["contact"] += 1
        for user in [each for each in _users(email) if not runs_alone(each)]:
            if user.is_enabled:
                close_account(user, by=by)
            user.name = GONE
            gone["account"] += 1
        row._take("answer", by=by)
        row.answered_at = clock.now()
        row.write("privacy/mail_person_erased.txt", plan=plan)
        if not any(runs_alone(user) for user in _users(email)):
            for person in db.session.scalars(select(Person).where(Person.email == email)):
                person.email, person.password_hash = f"{person.uid.lower()}@erased.invalid", ""
        found = Erasure(
            organisation=db.session.get_one(Organisation, row.organisation_id),
            request=row,
            email=email,
            next_on=_next_on(email),
            gone=gone,
            held_why="",
        )
        db.session.add(found)
        db.session.flush()
        record(found, "erase", by=by, accounts=gone["account"], contacts=gone["contact"])
    return found


def _next_on(email: str) -> date:
    """The day on which its oldest mail is kept no more; that of the answer is one of them."""
    oldest = db.session.scalar(select(func.min(Mail.created_at)).where(func.lower(Mail.recipient) == email))
    return table()["mail"].erased_from(clock.paris_day(oldest or clock.now()))


def erase_more(found: Erasure) -> int:
    """The mails to that address whose time is over, one step at most; how many went.

    Once none is left, the request itself forgets who asked. Nothing goes while it is held.

    Source: regulation (EU) 2016/679, art. 5 (1) (e), 17 (3) (e).
    """
    if found.held_why or not found.email:
        return 0
    rule, today = table()["mail"], clock.today()
    rows = chunk_of(_mails(found.email).order_by(Mail.created_at, Mail.id), STEP)
    due = [row for row in rows if rule.erased_from(clock.paris_day(row.created_at)) <= today]
    for mail in due:
        mail.recipient, mail.subject, mail.body = "erased@erased.invalid", GONE, GONE
    found.gone = {**found.gone, "mail": found.gone.get("mail", 0) + len(due)}
    db.session.flush()
    if first_of(_mails(found.email), 1):
        found.next_on = _next_on(found.email)
        return len(due)
    found.request.email = f"{found.uid.lower()}@erased.invalid"
    found.request.name, found.request.words, found.request.answer = GONE, "", ""
    found.email, found.next_on = "", None
    record(found, "finish", by=SYSTEM, mails=found.gone.get("mail", 0))
    return len(due)
