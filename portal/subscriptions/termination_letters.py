"""A customer's notice of termination that came by post: the day of its posting counts."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.answers.rules.notices import notice_counts_on
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.posted import CameByPost, check_days
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import Notice, form_of, terminate
from portal.terms.answered import Answered


class TerminationLetter(Tenant, CameByPost, db.Model):
    """The registered letter by which a customer ended one subscription."""

    __tablename__ = "termination_letter"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), unique=True)

    subscription: Mapped[Subscription] = relationship()


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
    check_days(posted_on, first_presented_on, received_on)
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
        letter.keep_scan(scan, subscription, owner=subscription.customer.organisation, name="resiliation")
    db.session.add(letter)
    db.session.flush()
    record(subscription, "letter_came", by=by, reason=letter.tracking, counts_on=counts_on.isoformat())
    return letter
