"""The people of the tour, and what every step does: keep a document, wait for a page, run the month."""

import re
import time
from pathlib import Path

from tour.devices import Device
from tour.instance import Instance
from tour.person import Person, paris


class Stage:
    """One life of a provider and a contract; ``artefacts`` is where its documents are kept."""

    FINANCE, TECHNICIAN = "finance@fournisseur.example", "technique@fournisseur.example"
    TREASURER = "tresorerie@fournisseur.example"
    device: Device  # of the operator, who signs with it what cannot be undone
    operator: Person
    owner: Person
    finance: Person
    treasurer: Person  # agrees to what finance hands to the bank, above ten thousand euros a day
    technician: Person
    customer: Person
    order_path: str  # of the order by wire
    fetcher: Person  # who fetches what is handed over, once a link is open

    def __init__(self, portal: Instance, artefacts: Path) -> None:
        self.portal, self.artefacts = portal, artefacts
        self.mails = portal.mailbox

    def keep(self, name: str, content: bytes | str) -> Path:
        path = self.artefacts / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def wait(self, person: Person, path: str, text: str, seconds: float = 60) -> str:
        """Visit a page until it says something, as a person who reloads it would."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page = person.visit(path)
            if re.search(text, page):
                return page
            time.sleep(0.3)
        raise TimeoutError(f"{path} does not say « {text} »")

    def bill(self) -> str:
        """Start the month's billing run and wait for its end; the page that it ends on."""
        page = self.finance.visit("/billing/runs")
        entity = re.search(r'<option[^>]*value="(\w+)"[^>]*>[^<]*SAUVEGARDE DU FLEUVE', page)
        assert entity
        self.finance.send("/billing/runs", entity=entity[1], month=paris("%Y-%m"))
        return self.wait(self.finance, self.finance.page.url.path, r"pill-good")
