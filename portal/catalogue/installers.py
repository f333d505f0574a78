"""What an offer's buyers download: installers with their checksums, and how to set the software up."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from portal.actor import Actor
from portal.catalogue.models import Product
from portal.errors import Refused
from portal.journal import record
from portal.wording import N_

MOST, LONGEST = 20, 500  # installers of an offer; characters of an address
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Installer(NamedTuple):
    """label: of the system that it is for. sha256: of the file, 64 hexadecimal digits."""

    label: str
    url: str
    sha256: str


def read_installers(text: str) -> list[Installer]:
    """One a line: ``system ; https address ; SHA-256``. Empty lines do not count.

    Raises Refused with the number of the first line that is wrong, or names a system again.

    Source: 000-15, 000-19.
    """
    found: list[Installer] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(_read(line, number))
            if found[-1].label in {each.label for each in found[:-1]}:
                raise Refused(N_("Ligne %(n)d : ce système y est déjà."), field="installers", n=number)
    if len(found) > MOST:
        raise Refused(N_("%(n)d installateurs au plus."), field="installers", n=MOST)
    return found


def _read(line: str, number: int) -> Installer:
    parts = [part.strip() for part in line.split(";")]
    if len(parts) != 3 or not parts[0] or len(parts[0]) > 60:
        sentence = N_("Ligne %(n)d : écrivez « système ; adresse ; SHA-256 ».")
        raise Refused(sentence, field="installers", n=number)
    label, url, digest = parts
    if not _is_address(url):
        raise Refused(N_("Ligne %(n)d : une adresse https est attendue."), field="installers", n=number)
    if not _DIGEST.fullmatch(digest.lower()):
        sentence = N_("Ligne %(n)d : le SHA-256 compte 64 chiffres hexadécimaux.")
        raise Refused(sentence, field="installers", n=number)
    return Installer(label, url, digest.lower())


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and len(url) <= LONGEST and url.isprintable()


def installers_of(product: Product) -> list[Installer]:
    return [Installer(**row) for row in product.installers]


def written_installers(product: Product) -> str:
    """As :func:`read_installers` reads them."""
    return "\n".join(" ; ".join(each) for each in installers_of(product))


def set_downloads(product: Product, text: str, setup_fr: str, setup_en: str, *, by: Actor) -> None:
    """What the key's page offers from now on. Raises Refused like :func:`read_installers`.

    Source: 000-15, 000-19.
    """
    installers = read_installers(text)
    product.installers = [each._asdict() for each in installers]
    product.setup_fr, product.setup_en = setup_fr.strip(), setup_en.strip()
    record(product, "set_downloads", by=by, installers=len(installers))
