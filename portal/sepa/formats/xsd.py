"""Checks a finished bank file against the ISO schema, row by row, before anybody may download it.

The schema files are those that ``sepaxml`` ships. Without them nothing is valid.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from lxml import etree

from portal.errors import Refused
from portal.sepa.formats.values import Version
from portal.sepa.formats.xml008 import NAMESPACES
from portal.wording import N_


class InvalidFile(Refused):
    """A file that the bank would refuse; the technical reason is in ``__cause__``."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a valid file holds."""

    count: int
    total_cents: int


def validate(source: str | Path | IO[bytes], version: Version = "08") -> Totals:
    """Validate a pain.008.001.08 or .02 file against its schema and its own totals, streamed.

    source: a path, or a binary file object placed at the beginning.
    Returns the number of debits and their sum in cents, as counted.
    Raises InvalidFile if the schema is missing, the file invalid or its totals wrong.
    """
    space = f"{{{NAMESPACES[version]}}}"
    path = str(source) if isinstance(source, Path) else source
    try:
        events = etree.iterparse(
            path,
            tag=(space + "GrpHdr", space + "DrctDbtTxInf", space + "Document"),
            schema=_schema(version),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        announced, found = _count(events, space)
    except (etree.LxmlError, OSError) as error:
        raise InvalidFile(N_("Le fichier n'est pas un pain.008.001.%(v)s valide."), v=version) from error
    if announced != found:
        raise InvalidFile(N_("Les totaux du fichier ne sont pas ceux de ses prélèvements."))
    return found


@cache
def _schema(version: Version) -> etree.XMLSchema:
    resource = files("sepaxml") / "schemas" / f"pain.008.001.{version}.xsd"
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        return etree.XMLSchema(etree.fromstring(resource.read_bytes(), parser))
    except (OSError, etree.LxmlError) as error:
        raise InvalidFile(N_("Le schéma du fichier est introuvable.")) from error


def _count(events: Any, space: str) -> tuple[Totals, Totals]:
    header, row, root, amount = (space + tag for tag in ("GrpHdr", "DrctDbtTxInf", "Document", "InstdAmt"))
    announced: Totals | None = None
    count, total, ended = 0, Decimal(0), False
    for _, element in events:
        if element.tag == header:
            if element.getroottree().docinfo.doctype:
                raise InvalidFile(N_("Le fichier porte une DTD."))
            euros = element.findtext(space + "CtrlSum")
            announced = Totals(int(element.findtext(space + "NbOfTxs")), _cents(Decimal(euros or "-1")))
        elif element.tag == row:
            count, total = count + 1, total + Decimal(next(element.iterchildren(amount)).text)
            _forget(element)
        ended = element.tag == root
    if announced is None or not ended:  # lxml may let a file cut short pass
        raise InvalidFile(N_("Le fichier est incomplet."))
    return announced, Totals(count, _cents(total))


def _cents(euros: Decimal) -> int:
    return int(euros.scaleb(2).to_integral_exact())


def _forget(element: Any) -> None:
    # The tree must not grow with the file: the row and what stands before it are dropped.
    element.clear()
    previous = element.getprevious()
    if previous is not None and previous.tag == element.tag:
        element.getparent().remove(previous)
