"""Whoever does something: a person with an account, the holder of a signed link, or the portal itself."""

from dataclasses import dataclass
from typing import Any, Protocol


class Actor(Protocol):
    """What a timeline keeps of whoever acts: a name to show, and the number of the account, if any."""

    @property
    def id(self) -> int | None: ...

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """The organisation that a row belongs to, as its columns name it: enough for the rows that follow."""

    id: int
    org_path: str


def owner_of(row: Any) -> Owner:
    """Whose a row is; an organisation is its own."""
    return Owner(getattr(row, "organisation_id", None) or row.id, row.org_path)
