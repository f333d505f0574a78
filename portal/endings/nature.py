"""Events that end a contract by nature: a receivership, an end of business, control by a direct competitor.

The event has its day and its document, the end its registered letter, and nobody owes an indemnity.
"""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.rules.breaches import administrator_silent_from
from portal.answers.rules.notices import notice_counts_on
from portal.blobs import Document, keep
from portal.customers.models import ContactRole
from portal.db import Tenant, db
from portal.errors import Refused
from portal.mail import queue_mail
from portal.posted import check_days
from portal.scans import read_scan
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import Notice, Termination, end_by_provider, terminate, work_out
from portal.subscriptions.termination_letters import record_letter
from portal.terms.values import Value

RECEIVERSHIP = "receivership"


class NatureState(StrEnum):
    WAITS = "nature_waits"  # the administrator has yet to answer
    ENDED = "nature_ended"  # the notice is given
    CONTINUED = "nature_continued"  # the administrator goes on with the contract
    OVER = "nature_over"  # the contract ended otherwise before he answered


N = NatureState


class EndByNature(Tenant, Stateful, db.Model):
    """One event, with its document and the registered letter that was written for it."""

    __tablename__ = "end_by_nature"

    steps = {
        "note": step(N.WAITS, to=N.WAITS),
        "end": step(N.WAITS, to=N.ENDED),
        "go_on": step(N.WAITS, to=N.CONTINUED),
        "drop": step(N.WAITS, to=N.OVER),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    cause: Mapped[str] = mapped_column(String(40))
    state: Mapped[NatureState] = mapped_column(default=N.WAITS, index=True)
    by_provider: Mapped[bool] = mapped_column(default=False)  # who wrote the letter
    event_on: Mapped[date]  # of the judgment, the deregistration, the change of control
    posted_on: Mapped[date]
    received_on: Mapped[date]
    tracking: Mapped[str] = mapped_column(String(40))
    answered_on: Mapped[date | None]  # by the administrator
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    subscription: Mapped[Subscription] = relationship()
    document: Mapped[Document] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def silent_from(self) -> date | None:
        """First day on which the administrator's silence ends the contract; None where nothing waits.

        Source: 004-39; C. com. L622-13 III 1°.
        """
        months = self.subscription.present_terms.find("receivership.answer_months")
        if self.state != N.WAITS or months is None:
            return None
        return administrator_silent_from(self.received_on, int(months.value))


def causes_known(subscription: Subscription) -> Value | None:
    """The events for which the contract ends without indemnity, with their clause; None where it has none."""
    return subscription.present_terms.find("termination.free_causes")


def waiting_for(subscription: Subscription) -> EndByNature | None:
    query = select(EndByNature).where(
        EndByNature.subscription_id == subscription.id, EndByNature.state == N.WAITS
    )
    return db.session.scalars(query).one_or_none()


def events_of(subscription: Subscription) -> list[EndByNature]:
    """The newest first."""
    query = select(EndByNature).where(EndByNature.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(EndByNature.id.desc())))


def notice_for(
    cause: str, sent_on: date, *, by_provider: bool, answer: str = "silent", asked_on: date | None = None
) -> Notice:
    """The notice that such an event leads to, as the engine is asked about it.

    answer: of the administrator; asked_on: day on which the formal notice reached him.
    """
    more: dict[str, Any] = {"by": "provider" if by_provider else "customer"}
    if cause == RECEIVERSHIP:
        more |= {"administrator": answer, **({"asked_on": asked_on} if asked_on else {})}
    return Notice(sent_on, cause, more=more)


def looked_at(
    subscription: Subscription,
    cause: str,
    *,
    posted_on: date,
    received_on: date,
    by_provider: bool,
    answer: str,
) -> Termination:
    """What the event leads to: of a silent administrator, once his time is over.

    Raises Refused like the act itself.

    Source: 004-39.
    """
    months = subscription.present_terms.find("receivership.answer_months")
    if cause == RECEIVERSHIP and answer == "silent" and months is not None:
        first = administrator_silent_from(received_on, int(months.value))
        notice = notice_for(cause, first, by_provider=by_provider, asked_on=received_on)
        return work_out(subscription, notice, looking_ahead=True)
    notice = notice_for(cause, notice_counts_on(posted_on, None), by_provider=by_provider, answer=answer)
    return work_out(subscription, notice)


def note_event(
    subscription: Subscription,
    cause: str,
    *,
    event_on: date,
    posted_on: date,
    received_on: date,
    tracking: str,
    document: bytes,
    by_provider: bool,
    answer: str,
    by: Actor,
) -> EndByNature:
    """Note the event with its document; the contract ends by its letter, or waits for the administrator.

    Raises Refused for a cause that the contract does not know, days in the wrong order or to come, another
    kind of file, and a contract that has an end already.

    Source: 004-39; C. com. L622-13.
    """
    held = select(Subscription).where(Subscription.id == subscription.id).with_for_update(of=Subscription)
    db.session.scalars(held.execution_options(populate_existing=True)).one()
    _check(subscription, cause, event_on, posted_on, received_on)
    looked_at(
        subscription,
        cause,
        posted_on=posted_on,
        received_on=received_on,
        by_provider=by_provider,
        answer=answer,
    )
    scan, customer = read_scan(document, field="document"), subscription.customer
    row = EndByNature(
        organisation=customer.organisation,
        subscription=subscription,
        cause=cause,
        state=N.WAITS,
        by_provider=by_provider,
        event_on=event_on,
        posted_on=posted_on,
        received_on=received_on,
        tracking=tracking,
        document=keep(
            scan.content,
            owner=customer.organisation,
            subject=subscription,
            kind="end_by_nature",
            filename=f"{cause}-{event_on.isoformat()}.{scan.suffix}",
            media_type=scan.media_type,
        ),
    )
    db.session.add(row)
    db.session.flush()
    row._take("note", by=by, reason=cause)
    if cause != RECEIVERSHIP or answer == "gives_up":
        _end(row, notice_for(cause, posted_on, by_provider=by_provider, answer=answer), by=by)
    return row


def _check(
    subscription: Subscription, cause: str, event_on: date, posted_on: date, received_on: date
) -> None:
    known = causes_known(subscription)
    if known is None or cause not in known.value:
        raise Refused(_("Ce contrat ne prévoit pas de fin pour cet événement."), field="cause")
    if not subscription.can("give_notice"):
        raise Refused(_("Ce contrat a déjà une fin."))
    if waiting_for(subscription) is not None:
        raise Refused(_("Un redressement judiciaire est déjà noté : il attend l'administrateur."))
    if event_on > clock.today():
        raise Refused(_("Ce jour est à venir."), field="event_on")
    if posted_on < event_on:
        raise Refused(_("La lettre part après l'événement qu'elle invoque."), field="posted_on")
    check_days(posted_on, None, received_on)


def _end(row: EndByNature, notice: Notice, *, by: Actor) -> Termination:
    """Give the notice with its letter; every effect is that of any other end."""
    subscription = row.subscription
    result = (end_by_provider if row.by_provider else terminate)(subscription, notice, by=by)
    if row.by_provider:
        customer = subscription.customer
        queue_mail(
            customer.contact(ContactRole.SIGNATORY),
            "endings/mail_nature.txt",
            about=subscription,
            owner=customer.organisation,
            language=customer.language,
            row=row,
            subscription=subscription,
            result=result,
        )
    record_letter(
        subscription,
        posted_on=row.posted_on,
        first_presented_on=None,
        received_on=row.received_on,
        reason=row.cause,
        tracking=row.tracking,
        by=by,
    )
    row._take("end", by=by, ends_on=result.ends_on.isoformat())
    return result


def note_answer(row: EndByNature, *, continues: bool, answered_on: date, by: Actor) -> None:
    """The administrator has decided: the contract goes on, or ends without indemnity today.

    Raises Refused for a day before the letter reached him, or to come.

    Source: 004-39; C. com. L622-13 II, III.
    """
    if not row.received_on <= answered_on <= clock.today():
        sentence = _("L'administrateur répond entre la réception de la lettre et aujourd'hui.")
        raise Refused(sentence, field="answered_on")
    row.answered_on = answered_on
    if continues:
        row._take("go_on", by=by)
        return
    _end(row, notice_for(row.cause, clock.today(), by_provider=row.by_provider, answer="gives_up"), by=by)


def go_on(row: EndByNature, *, by: Actor) -> None:
    """What a day does to a receivership: the administrator's silence ends the contract once his time is over.

    Source: 004-39; C. com. L622-13 III 1°.
    """
    if not row.subscription.can("give_notice"):
        row._take("drop", by=by)
        return
    first = row.silent_from
    if first is not None and first <= clock.today():
        notice = notice_for(row.cause, clock.today(), by_provider=row.by_provider, asked_on=row.received_on)
        _end(row, notice, by=by)
