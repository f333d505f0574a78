"""Who writes, and whom one may ask: higher packages know issuers and resellers."""

from dataclasses import dataclass
from typing import Any

from portal.panels import Place


@dataclass(frozen=True, slots=True)
class Voice:
    """The name in the head and at the end of a mail, the address of people who answer, the customer's own
    interlocutor, and how that one is reached; "" for what is not known.
    """

    name: str = ""
    email: str = ""
    interlocutor: str = ""
    reached: str = ""


voices: Place[Any, Voice] = Place()


def voice_for(owner: Any, entity: Any = None) -> Voice:
    """Who writes to an organisation: the entity that is given, or the one that is above it."""
    found = next(iter(voices.shown(owner)), Voice())
    name, email = getattr(entity, "name", ""), getattr(entity, "email", "")
    return Voice(name or found.name, email or found.email, found.interlocutor, found.reached)
