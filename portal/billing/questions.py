"""What somebody has to decide before a month is billed: told by the rooms that know of it."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from blinker import Signal

from portal.resellers.models import LegalEntity

# Sent with entity= and until=: whoever has something undecided that is billed up to that day answers with it.
run_questions = Signal()


class Question(NamedTuple):
    """customer_id: about whose invoice. url: where it is decided."""

    customer_id: int
    what: str
    url: str


def questions_before(entity: LegalEntity, until: date) -> list[Question]:
    """Everything undecided about what an issuer would bill up to a day."""
    answers: Iterable[tuple[Any, list[Question]]] = run_questions.send(None, entity=entity, until=until)
    return [question for _room, found in answers for question in found]
