"""The day of the portal: its periodic duties once, then every task."""

from collections.abc import Callable
from datetime import date, datetime

from portal.db import EVERYTHING, db, set_scope
from portal.dunning.jobs import begin_the_day
from portal.mail import Mail
from tests.builders import work
from tests.dunning.builders import noon

At = Callable[[datetime], None]


def live(at: At, day: date) -> None:
    """A day comes: the duty of the morning, and what it asks for."""
    at(noon(day))
    set_scope(EVERYTHING)
    begin_the_day()
    work()


def kinds(word: str = "dunning/") -> list[str]:
    """The mails of the ladder so far, in their order, by kind."""
    rows = db.session.scalars(db.select(Mail).where(Mail.kind.startswith(word)).order_by(Mail.id))
    return [row.kind.removeprefix("dunning/mail_") for row in rows]
