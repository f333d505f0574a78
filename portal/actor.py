"""Whoever does something: a person with an account, the holder of a signed link, or the portal itself."""

from typing import Protocol


class Actor(Protocol):
    """What a timeline keeps of whoever acts: a name to show, and the number of the account, if any."""

    @property
    def id(self) -> int | None: ...

    @property
    def label(self) -> str: ...
