"""A person asks for her data: kept with its clock, passed on to the controller, or answered here."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.blobs import Document
from portal.customers.models import ContactRole, Customer
from portal.customers.rules import forward_subject_request
from portal.db import Tenant, db
from portal.engine.models import mail_contact
from portal.errors import Refused
from portal.journal import record
from portal.mail import Addressee, Mail, queue_mail
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.terms.law import statute_for
from portal.terms.rules import subject_answer_due_on
from portal.wording import N_


class Asked(StrEnum):
    """What a person may ask for: regulation (EU) 2016/679, art. 15, 20, 16 and 17."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"


class RequestState(StrEnum):
    OPEN = "person_open"
    FORWARDED = "person_forwarded"
    ANSWERED = "person_answered"
    REFUSED = "person_refused"


S = RequestState
_MONTHS = "dsar.answer_months"


class PersonRequest(Tenant, Stateful, db.Model):
    """One request of one person about her own data."""

    __tablename__ = "person_request"
    __table_args__ = (Index("ix_person_request_due", "state", "due_on", "id"),)

    steps = {
        "forward": step(S.OPEN, to=S.FORWARDED),
        "answer": step(S.OPEN, to=S.ANSWERED),
        "refuse": step(S.OPEN, to=S.REFUSED),
    }

    email: Mapped[str] = mapped_column(String(254), index=True)  # lower case
    name: Mapped[str] = mapped_column(String(140))
    kind: Mapped[Asked]
    words: Mapped[str] = mapped_column(Text)  # what she asks for
    language: Mapped[str] = mapped_column(String(5))
    received_at: Mapped[datetime]
    due_on: Mapped[date]
    identity_how: Mapped[str] = mapped_column(String(200), default="")  # how it was checked; "": not yet
    extended_why: Mapped[str] = mapped_column(String(300), default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)  # the controller
    clause: Mapped[str] = mapped_column(String(40), default="")  # under which it was passed on
    mail_uid: Mapped[str] = mapped_column(String(16), default="")  # that passed it on
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # her data as a file
    state: Mapped[RequestState] = mapped_column(default=S.OPEN)
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer | None] = relationship()
    document: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def is_open(self) -> bool:
        return self.state == S.OPEN

    @property
    def asks_for_file(self) -> bool:
        return self.kind in (Asked.ACCESS, Asked.PORTABILITY)

    @property
    def person(self) -> Addressee:
        return Addressee(self.email, self.name)

    def mail(self) -> Mail | None:
        """That passed it on: when it left, and what the relay answered."""
        query = select(Mail).where(Mail.uid == self.mail_uid)
        return db.session.scalars(query).one_or_none() if self.mail_uid else None

    def check_open(self) -> None:
        """Raises Refused for one that was answered, refused or passed on."""
        if not self.is_open:
            raise Refused(N_("Cette demande est close."))

    def note_identity(self, how: str, *, by: Actor) -> None:
        """Source: regulation (EU) 2016/679, art. 12 (6)."""
        self.check_open()
        self.identity_how = how
        record(self, "identify", by=by, how=how)

    def extend(self, why: str, *, by: Actor) -> None:
        """Two months more, with the reason, which she is told within the first month.

        Raises Refused a second time, and once the first month is over.

        Source: regulation (EU) 2016/679, art. 12 (3).
        """
        self.check_open()
        if self.extended_why:
            raise Refused(N_("Ce délai a déjà été prolongé."), field="why")
        self.due_on = due_on(self.received_at, prolonged_on=clock.today())
        self.extended_why = why
        record(self, "extend", by=by, reason=why)
        self.write("privacy/mail_person_extended.txt")

    def finish(self, answer: str, *, refused: bool, by: Actor) -> None:
        """Answered in words, or refused with the reason; she reads either by mail.

        Raises Refused for what was not asked by a person whose identity was checked, unless it is refused.

        Source: regulation (EU) 2016/679, art. 12 (3), (4) and (6).
        """
        self.check_open()
        if not refused and not self.identity_how:
            raise Refused(N_("Notez d'abord comment l'identité a été vérifiée."), field="answer")
        self._take("refuse" if refused else "answer", by=by)
        self.answer, self.answered_at = answer, clock.now()
        self.write("privacy/mail_person_answer.txt")

    def write(self, template: str, **words: Any) -> Mail:
        """A mail to the person, in her language."""
        owner = db.session.get_one(Organisation, self.organisation_id)
        told: dict[str, Any] = {"about": self, "owner": owner, "language": self.language, "asked": self}
        return queue_mail(self.person, template, **told, **words)


def due_on(received_at: datetime, *, prolonged_on: date | None = None) -> date:
    """The last day to answer; prolonged_on: the day on which she is told that it takes longer.

    Raises Refused for one after the first month. Source: L8, regulation (EU) 2016/679, art. 12 (3).
    """
    day = clock.paris_day(received_at)
    rule = statute_for(_MONTHS, on=day, customer="business")
    return subject_answer_due_on(day, rule.value if rule else 1, prolonged_on)


def enter_request(
    owner: Organisation,
    email: str,
    name: str,
    kind: Asked,
    words: str,
    received_at: datetime,
    *,
    language: str,
    customer: Customer | None = None,
    identity_how: str = "",
    by: Actor,
) -> PersonRequest:
    """Keep a request. customer: whose service holds the data; it is then passed on with the same commit.

    received_at: aware. Raises Refused for one that comes from the future.

    Source: 001-39, 003-57, regulation (EU) 2016/679, art. 12.
    """
    if received_at > clock.now():
        raise Refused(N_("Cet instant est dans l'avenir."), field="received_at")
    row = PersonRequest(
        organisation=owner,
        email=email.strip().lower(),
        name=name,
        kind=kind,
        words=words,
        language=language,
        received_at=received_at,
        due_on=due_on(received_at),
        identity_how=identity_how,
        extended_why="",
        clause="",
        mail_uid="",
        answer="",
        state=S.OPEN,
    )
    db.session.add(row)
    db.session.flush()
    record(row, "receive", by=by, kind=kind)
    if customer is not None:
        forward(row, customer, by=by)
    return row


def forward(row: PersonRequest, customer: Customer, *, by: Actor) -> None:
    """The customer alone answers it: she gets it at once by mail, and the person reads to whom it went.

    Raises Refused for a customer without an address, and for a request that is closed.

    Source: 001-39, 003-57, regulation (EU) 2016/679, art. 28 (3) (e).
    """
    row.check_open()
    contact = mail_contact(customer, ContactRole.SIGNATORY)
    forward_subject_request(row.received_at, contact.email)
    row.customer_id, row.clause = customer.id, _clause(customer)
    row._take("forward", by=by, customer=customer.name, clause=row.clause)
    words: dict[str, Any] = {"asked": row, "customer": customer, "text": " ".join(row.words.split())}
    mail = queue_mail(
        contact,
        "privacy/mail_person_forwarded.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        **words,
    )
    row.mail_uid = mail.uid
    row.write("privacy/mail_person_passed_on.txt", customer=customer)


def _clause(customer: Customer) -> str:
    """The clause of her contract that says so, "" where only the law does.

    Source: 001-39, 003-57.
    """
    query = select(Subscription).where(
        Subscription.customer_id == customer.id, Subscription.state != SubscriptionState.WITHDRAWN
    )
    stacks = [row.terms.on(clock.today()) for row in db.session.scalars(query.order_by(Subscription.id))]
    found = [value.clause for stack in stacks if (value := stack.find("dsar.forwarded")) and value.value]
    return ", ".join(dict.fromkeys(found))[:40]
