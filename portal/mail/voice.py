"""Who writes, and whom one may ask: higher packages know issuers and resellers."""

from dataclasses import dataclass, replace
from typing import Any

from portal.panels import Place


@dataclass(frozen=True, slots=True)
class Voice:
    """The name at the end of a mail, the address of people who answer, the customer's own interlocutor, and
    how that one is reached; "" for what is not known.

    brand: the name in the head, where another one than the first is known to the reader; answers: the
    address of that one.
    """

    name: str = ""
    email: str = ""
    interlocutor: str = ""
    reached: str = ""
    brand: str = ""
    answers: str = ""


voices: Place[Any, Voice] = Place()


def voice_for(owner: Any, entity: Any = None) -> Voice:
    """Who writes to an organisation: the entity that is given, or the one that is above it."""
    found = next(iter(voices.shown(owner)), Voice())
    name, email = getattr(entity, "name", ""), getattr(entity, "email", "")
    return replace(found, name=name or found.name, email=found.answers or email or found.email)
