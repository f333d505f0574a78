"""Instants and lengths of time as the rules of incidents read them."""

from datetime import UTC, datetime

from portal.errors import Refused
from portal.wording import N_


def aware(at: datetime) -> datetime:
    """``at`` unchanged; raises ValueError when it has no time zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return at


def utc(at: datetime) -> datetime:
    """The same instant in UTC, where adding hours counts real hours."""
    return aware(at).astimezone(UTC)


def whole_days(hours: int, hours_per_day: int) -> int:
    """Business hours as business days; raises Refused when they are not a whole number of them."""
    days, rest = divmod(hours, hours_per_day)
    require(rest == 0, N_("Ce délai en heures ouvrées n'est pas un nombre entier de jours."))
    return days


def require(condition: bool, sentence: str) -> None:
    """Raise Refused with that sentence unless the condition holds."""
    if not condition:
        raise Refused(sentence)
