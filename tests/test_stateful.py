"""A step that a state does not allow is refused in the words that the pages use for that state."""

from datetime import UTC, date, datetime
from enum import StrEnum
from types import SimpleNamespace

import pytest
from sqlalchemy import Enum

from portal.db import Base
from portal.errors import IllegalStep
from portal.journal import SYSTEM
from portal.rooms import modules
from portal.stateful import Stateful, step
from portal.words.states import look_of

assert list(modules())  # every model is known below
KINDS = {
    each.class_.__name__: each.class_ for each in Base.registry.mappers if issubclass(each.class_, Stateful)
}


class Lamp(StrEnum):
    FROZEN = "frozen"


class Switch(Stateful):
    steps = {"light": step(to=Lamp.FROZEN)}
    state = Lamp.FROZEN


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_state_of_a_record_has_a_word(name: str) -> None:
    kind = KINDS[name].__table__.c.state.type
    assert isinstance(kind, Enum) and kind.enum_class is not None
    shown = KINDS[name].shown_state
    days = {"due_on": date.max, "lapses_on": date.max, "ends_on": None, "bank_confirmed_on": None}
    days |= {"suspended_on": None, "due_by": date.max}
    days |= {"starts_at": datetime.max.replace(tzinfo=UTC), "ends_at": datetime.max.replace(tzinfo=UTC)}
    days |= {"ends_on": date.max} if name == "Trial" else {}  # a trial always has its last day
    rows = [
        SimpleNamespace(state=state, scheme=scheme, **days)
        for state in kind.enum_class
        for scheme in ("CORE", "B2B")
    ]
    names = [shown(row) for row in rows]
    assert [each for each in names if str(look_of(each).word) == each] == []


@pytest.mark.usefixtures("app")
def test_the_refusal_of_a_step_says_the_state_in_words() -> None:
    with pytest.raises(IllegalStep) as refusal:
        Switch()._take("light", by=SYSTEM)
    assert refusal.value.message == "Cette action n'est pas possible dans l'état actuel : figée."
