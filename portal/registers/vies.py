"""VIES, the register of VAT numbers of the European Commission, by its REST service.

An answer with a consultation number proves, to the administration of any member state, that a number was
asked about on a day and found valid; the asking party gives its own number for that.
"""

from dataclasses import dataclass
from typing import Any

from portal.registers.http import Unreachable, ask


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """What the register says; name and address are "" where a state keeps them to itself."""

    is_valid: bool
    name: str
    address: str
    consultation: str  # "" when the asking party gave no number
    said: dict[str, Any]  # the whole answer, which is the proof


def ask_vies(url: str, number: str, requester: str = "") -> VatAnswer:
    """Is this VAT number known and in use today?

    url: of the REST service, without its last part. number, requester: with the two letters of their state
    (EL is Greece, XI is Northern Ireland). Raises Unreachable when the register or the state does not answer.

    Source: regulation (EU) 904/2010, art. 31; directive 2006/112/EC, art. 214 and 215.
    """
    asked = {"countryCode": number[:2], "vatNumber": number[2:]}
    if requester:
        asked |= {"requesterMemberStateCode": requester[:2], "requesterNumber": requester[2:]}
    said = ask("POST", f"{url.rstrip('/')}/check-vat-number", json=asked)
    if not isinstance(said, dict) or not isinstance(said.get("valid"), bool):
        raise Unreachable(_fault(said))
    return VatAnswer(
        said["valid"],
        _known(said.get("name")),
        _known(said.get("address")),
        str(said.get("requestIdentifier") or ""),
        said,
    )


def _fault(said: Any) -> str:
    """The register's word for why it has no answer, such as MS_UNAVAILABLE."""
    wrapped = said.get("errorWrappers") if isinstance(said, dict) else None
    first = wrapped[0] if isinstance(wrapped, list) and wrapped else {}
    return str(first.get("error", "no answer") if isinstance(first, dict) else "no answer")[:80]


def _known(text: Any) -> str:
    """A state that keeps it to itself answers dashes."""
    plain = " ".join(str(text or "").split())
    return plain if plain.strip("-") else ""
