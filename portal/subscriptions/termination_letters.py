"""A customer's notice of termination that came by post: the day of its posting counts."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.rules.notices import notice_counts_on
from portal.blobs import Document, keep
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.scans import read_scan
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import Notice, form_of, terminate
from portal.terms.answered import Answered


class TerminationLetter(Tenant, db.Model):
    """The registered letter by which a customer ended one subscription."""

    __tablename__ = "termination_letter"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), unique=True)
    posted_on: Mapped[date]
    first_presented_on: Mapped[date | None]
    received_on: Mapped[date]
    tracking: Mapped[str] = mapped_column(String(40), default="")
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    subscription: Mapped[Subscription] = relationship()
    scan: Mapped[Document | None] = relationship()


def letter_of(subscription: Subscription) -> TerminationLetter | None:
    query = select(TerminationLetter).where(TerminationLetter.subscription_id == subscription.id)
    return db.session.scalars(query).one_or_none()


def letter_asked(subscription: Subscription) -> Answered | None:
    """The clause by which a notice that was given still waits for its letter; None where none is asked.

    A consumer's, or an association's, does not: the law lets them end on line.

    Source: 000-55, 001-15, 004-37; L2 (C. conso L215-1-1).
    """
    if subscription.notified_on is None or letter_of(subscription) is not None:
        return None
    form = form_of(subscription, subscription.notified_on)
    if form is None or form.by_law or form.value != "registered_letter":
        return None
    return form


def record_letter(
    subscription: Subscription,
    *,
    posted_on: date,
    first_presented_on: date | None,
    received_on: date,
    reason: str,
    by: Actor,
    scan: bytes = b"",
    **words: Any,
) -> TerminationLetter:
    """Note the letter; it gives the notice of the day that counts, where none was confirmed on line before.

    Raises Refused for days in the wrong order or to come, a second letter, and what the contract refuses.

    Source: 000-55, 001-15, 004-37; A16.
    """
    if letter_of(subscription) is not None:
        raise Refused(_("La lettre de cette résiliation est déjà enregistrée."))
    if received_on > clock.today():
        raise Refused(_("Ce jour est à venir."), field="received_on")
    if received_on < (first_presented_on or posted_on):
        raise Refused(_("Une lettre est reçue après son envoi et sa présentation."), field="received_on")
    counts_on = notice_counts_on(posted_on, first_presented_on)
    if subscription.can("give_notice"):
        terminate(subscription, Notice(counts_on, reason), by=by)
    letter = TerminationLetter(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        subscription=subscription,
        posted_on=posted_on,
        first_presented_on=first_presented_on,
        received_on=received_on,
        **words,
    )
    if scan:
        letter.scan = _kept(letter, subscription, scan)
    db.session.add(letter)
    db.session.flush()
    record(subscription, "letter_came", by=by, reason=letter.tracking, counts_on=counts_on.isoformat())
    return letter


def _kept(letter: TerminationLetter, subscription: Subscription, content: bytes) -> Document:
    scan = read_scan(content, field="scan")
    return keep(
        scan.content,
        owner=subscription.customer.organisation,
        subject=subscription,
        kind="letter_scan",
        filename=f"resiliation-{letter.posted_on}.{scan.suffix}",
        media_type=scan.media_type,
    )
