"""A provider who opens: house, offers, resellers, people. Screens and ``flask setup`` only."""

import re
from pathlib import Path
from typing import NamedTuple

from life.place import Place
from life.staff import Worker
from tour.opening import entity, invite, open_reseller
from tour.person import PASSWORD, path_in

OPERATOR = "exploitation@fournisseur.example"
NAME = "SAUVEGARDE DU FLEUVE SAS"


class Offer(NamedTuple):
    """What is on sale, and what it costs: cents of one unit for ``months``."""

    name: str
    terms: str
    plan: str
    months: int
    cents: int
    with_vat: bool
    included_gb: str | None = None
    gb_price: str | None = None


NAMES = {
    "NB-WS": Offer("NATSO BACKUP+ Poste de travail", "natso", "annual", 12, 5_988, True),
    "NB-WS-M": Offer("NATSO BACKUP+ Poste de travail mensuel", "natso", "monthly", 1, 600, True),
    "WS-M": Offer("DropCloud WeSend, utilisateur", "dropcloud", "monthly", 1, 1_200, True, "50"),
    "WS-A": Offer("DropCloud WeSend, utilisateur, annuel", "dropcloud", "annual", 12, 12_000, True, "50"),
    "NEO-M": Offer("DropCloud NeoBe, utilisateur", "dropcloud", "monthly", 1, 1_500, True, "50"),
    "DB-36": Offer("Do'BaaS 1 To", "dobaas", "36_months", 1, 30_000, False, "1000"),
    "DB-GB": Offer("Do'BaaS à l'usage", "dobaas", "36_months", 1, 2_000, False, None, "0,20"),
    "DB-LINA": Offer("Do'BaaS LINA, données de santé", "dobaas", "36_months", 1, 40_000, False, "1000"),
    "NS-OBJ": Offer("NumSpot, stockage objet", "numspot", "monthly", 1, 4_000, False, None, "0,10"),
}

_LATER = ("DB-LINA",)  # asks for a certificate first


class Provider:
    """Who works there, by what she does."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._set_up()
        for code in NAMES:
            if code not in _LATER:
                self.sells(code)
        self.finance = self._hire("finance", "finance@fournisseur.example")
        self.second = self._hire("finance", "tresorerie@fournisseur.example")
        self.technician = self._hire("technician", "technique@fournisseur.example")
        self.owners = [self._reseller("Revendeur Ouest", 910), self._reseller("Revendeur Sud", 912)]

    def sells(self, code: str) -> None:
        """An offer gets its price."""
        offer, path = NAMES[code], f"/setup/offers/{code}"
        more = {"included_gb": offer.included_gb, "gb_month_cents": offer.gb_price}
        euros = f"{offer.cents // 100},{offer.cents % 100:02d}"
        self.operator.do(path, path, price=euros, **more)

    def _set_up(self) -> None:
        values = "".join(f'{name} = "{value}"\n' for name, value in entity(900, NAME).items())
        source = Path(self.place.folder) / "setup.toml"
        source.write_text(
            '[provider]\nname = "Sauvegarde du Fleuve"\n\n[operator]\nname = "Exploitation"\n'
            f'email = "{OPERATOR}"\n\n[entity]\n{values}'
        )
        said = self.place.run_command("setup", "--file", str(source))
        address = re.search(r"https?://[^/\s]+(/welcome/\S+)", said)
        assert address, said
        self.operator = self._welcomed(address[1], OPERATOR)
        self.place.work()
        self.entity = self._entity()

    def _entity(self) -> str:
        self.operator.visit("/sepa/creditors")
        return self.operator.link(r"/sepa/creditors/\w{16}$").rpartition("/")[2]

    def _welcomed(self, path: str, email: str) -> Worker:
        person = Worker(self.place.url, email, PASSWORD)
        person.welcome(path, email, PASSWORD)
        return person

    def _hire(self, role: str, email: str, house: str = "") -> Worker:
        invite(self.operator, role, email, house=house)
        self.place.work()
        return self._welcomed(path_in(self.place.letters.last(email, "").message, "/welcome/"), email)

    def _reseller(self, name: str, serial: int) -> Worker:
        house = open_reseller(self.operator, name, serial)
        return self._hire("owner", f"gerance@revendeur{serial}.example", house)
