"""Where an electronic address stands on a day, and which addresses a company may have."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

SCHEME = "0225"  # electronic address of the French directory (EAS)
REFRESH = timedelta(days=30)  # after which an answer is asked for again
_SIGNS = re.compile(r"[A-Za-z0-9+._/:-]{9,125}")


class Standing(StrEnum):
    GOOD = "eaddress_good"
    UNANSWERED = "eaddress_unanswered"  # the directory has not said anything of this company yet
    UNKNOWN = "eaddress_unknown"  # it has answered, and never with this address
    CHANGED = "eaddress_changed"  # it had this address, and has it no more
    ENDED = "eaddress_ended"
    COMING = "eaddress_coming"  # not valid yet


class Line(NamedTuple):
    """An address line. siret, service, platform: "" where it has none; days of Paris, both included."""

    address: str
    siret: str = ""
    service: str = ""
    platform: str = ""
    valid_from: date | None = None
    valid_through: date | None = None


class Known(NamedTuple):
    """A line as it is kept; is_gone: the last answer no longer has it."""

    line: Line
    is_gone: bool = False


def may_be_address(text: str, siren: str) -> bool:
    """Is this a form that an address of the company may have?

    Source: BR-FR-21, BR-FR-23 of AFNOR XP Z12-012 (scheme 0225; it begins with the SIREN).
    """
    return bool(_SIGNS.fullmatch(text)) and text.startswith(siren)


def standing_of(address: str, known: Sequence[Known], on: date, *, answered: bool) -> Standing:
    """How the very address that an invoice of a (Paris) day would bear stands in the directory.

    known: all lines of its company. answered: has the directory said anything of the company?

    Source: CGI art. 289 bis (an e-invoice goes to the address that its buyer has in the directory).
    """
    own = next((each for each in known if each.line.address == address), None)
    if own is None:
        return Standing.UNKNOWN if answered else Standing.UNANSWERED
    if own.is_gone:
        return Standing.CHANGED
    if own.line.valid_through is not None and own.line.valid_through < on:
        return Standing.ENDED
    if own.line.valid_from is not None and own.line.valid_from > on:
        return Standing.COMING
    return Standing.GOOD
