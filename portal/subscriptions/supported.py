"""What a contract lets be saved, and on which systems: said where one buys and where one installs."""

from dataclasses import dataclass

from portal.terms.stack import Stack
from portal.terms.values import Value


@dataclass(frozen=True, slots=True)
class Supported:
    """The contract's own lists; None where it has none."""

    systems: Value | None
    sources: Value | None


def supported_by(terms: Stack) -> Supported | None:
    """Systems that the software runs on, and sources that the service saves; None where nothing is said.

    Source: 000-43, 002-06, 004-08.
    """
    found = Supported(terms.find("software.systems"), terms.find("backup.sources"))
    return found if found.systems or found.sources else None
