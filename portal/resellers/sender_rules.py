"""May mails leave from a brand's own address? What its domain must publish, and what it lacks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)


class SenderState(StrEnum):
    UNKNOWN = "sender_unknown"  # never asked
    RIGHT = "sender_right"
    WRONG = "sender_wrong"  # something is missing
    UNREACHABLE = "sender_unreachable"  # no name server answered


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the provider asks of a domain; "" for what it does not ask.

    spf_include: the name that the SPF record includes. selector: of the key that the relay signs with; key:
    the public one, in base64; target: the name that holds it, where the domain shall only point there.
    proof: what only whoever has this brand is told to publish.
    """

    domain: str
    spf_include: str = ""
    selector: str = ""
    key: str = ""
    target: str = ""
    proof: str = ""

    @property
    def key_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def proof_name(self) -> str:
        return f"_portail.{self.domain}"

    @property
    def is_asked(self) -> bool:
        """Without a key nobody can tell a mail of the domain from a forged one: nothing is offered then."""
        return bool(self.selector and (self.key or self.target))


@dataclass(frozen=True, slots=True)
class Published:
    """What name servers answer: the texts at the domain, at its key and at its proof, and where the key's
    name points, "" for nowhere.
    """

    texts: Sequence[str] = ()
    keys: Sequence[str] = ()
    target: str = ""
    proofs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One line to publish, as it stands in a zone; instead: what it takes the place of, "" for nothing."""

    kind: str
    name: str
    value: str
    instead: str = ""


def missing(wanted: Wanted, found: Published) -> list[Record]:
    """The records that the domain must still publish; none: mails may leave from its addresses.

    Source: RFC 7208 (SPF: one record, read up to « all »), RFC 6376 (DKIM), RFC 7489 3.1 (which of them a
    receiver compares with the address that people see).
    """
    asked = [_proof(wanted, found), _key(wanted, found), _spf(wanted, found)]
    return [record for record in asked if record is not None]


def _proof(wanted: Wanted, found: Published) -> Record | None:
    """Whose domain it is: the key alone would let one brand write in the name of another's domain."""
    if not wanted.proof or wanted.proof in [text.strip() for text in found.proofs]:
        return None
    return Record("TXT", wanted.proof_name, wanted.proof)


def _key(wanted: Wanted, found: Published) -> Record | None:
    if wanted.target:
        if _host(found.target) == _host(wanted.target):
            return None
        return Record("CNAME", wanted.key_name, f"{_host(wanted.target)}.", found.target)
    if any(key_in(text) == key_in(wanted.key) for text in found.keys):
        return None
    value = f"v=DKIM1; k=rsa; p={key_in(wanted.key)}"
    return Record("TXT", wanted.key_name, value, next(iter(found.keys), ""))


def _spf(wanted: Wanted, found: Published) -> Record | None:
    if not wanted.spf_include:
        return None
    records = [text for text in found.texts if text.lower().split(" ")[0] == "v=spf1"]
    terms = [term for record in records for term in record.split()[1:] if term.lower() != "v=spf1"]
    if len(records) == 1 and _includes(terms, wanted.spf_include):
        return None
    kept = [term for term in terms if not _ALL.fullmatch(term) and not _is_include(term, wanted.spf_include)]
    end = next((term for term in terms if _ALL.fullmatch(term)), "")
    if not end and not any(term.lower().startswith("redirect=") for term in terms):
        end = "~all"
    words = ["v=spf1", f"include:{wanted.spf_include}", *dict.fromkeys(kept), end]
    return Record("TXT", wanted.domain, " ".join(filter(None, words)), " / ".join(records))


def _includes(terms: Sequence[str], name: str) -> bool:
    """Before « all »: nobody reads on after it."""
    for term in terms:
        if _ALL.fullmatch(term):
            return False
        if _is_include(term, name):
            return True
    return False


def _is_include(term: str, name: str) -> bool:
    mechanism, _colon, value = term.lower().removeprefix("+").partition(":")
    return mechanism == "include" and _host(value) == _host(name)


def key_in(text: str) -> str:
    """The public key of a DKIM record, or one that stands alone, without blanks; "" for one taken back."""
    if "=" not in text.rstrip("= \t"):
        return re.sub(r"\s", "", text)
    tags = dict(tag.strip().partition("=")[::2] for tag in text.split(";") if "=" in tag)
    return re.sub(r"\s", "", tags.get("p", ""))


def _host(name: str) -> str:
    return name.strip().rstrip(".").lower()
