"""Rows whose state moves only along a written table of steps."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from portal.actor import Actor
from portal.errors import IllegalStep
from portal.journal import record
from portal.wording import N_
from portal.words.states import look_of


class Step(NamedTuple):
    sources: frozenset[StrEnum]
    target: StrEnum


def step(*sources: StrEnum, to: StrEnum) -> Step:
    """One entry of a ``steps`` table: the states from which the verb is allowed, and where it leads."""
    return Step(frozenset(sources), to)


class Stateful:
    """A row whose ``state`` changes only along its class's ``steps`` table."""

    steps: ClassVar[Mapping[str, Step]]
    state: Any

    def shown_state(self) -> str:
        """The name of the state among those of ``portal.words.states``."""
        return str(self.state)

    def can(self, name: str) -> bool:
        return self.state in self.steps[name].sources

    def _take(self, name: str, *, by: Actor, **details: Any) -> None:
        if not self.can(name):
            raise IllegalStep(
                N_("Cette action n'est pas possible dans l'état actuel : %(state)s."),
                state=look_of(self.shown_state()).word,
            )
        before, self.state = self.state, self.steps[name].target
        record(self, name, before=before, after=self.state, by=by, **details)
