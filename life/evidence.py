"""What somebody outside holds at the end of a life: mails, papers, the bank's lines, answers, screens."""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from life.bank import Booking, Debit
from life.client import Client
from life.papers import Paper, papers_in, words_of
from life.place import Letter
from life.world import World

_CENTS = re.compile(r"(-?)\s*([\d\s]+),(\d\d)\s*€")


@dataclass
class Evidence:
    """Of one life, read once."""

    world: World
    _pages: dict[int, str] = field(default_factory=dict)  # of subscriptions, by client

    @property
    def last(self) -> date:
        """The last day lived."""
        return self.world.place.today

    @property
    def clients(self) -> list[Client]:
        return [each for each in self.world.clients if each.uid]

    @cached_property
    def papers(self) -> dict[int, dict[str, Paper]]:
        """By client and number, as it came first."""
        found: dict[int, dict[str, Paper]] = {}
        for client in self.clients:
            own = found.setdefault(client.serial, {})
            for paper in (paper for letter in client.letters() for paper in papers_in(letter)):
                own.setdefault(paper.number, paper)
        return found

    def started(self, client: Client) -> date | None:
        """The first day of her contract, as her page says it."""
        client.look()
        if not client.subscription:
            return None
        told = re.search(r'<dt>Début</dt><dd><time datetime="([\d-]+)"', self._page(client))
        return date.fromisoformat(told[1]) if told else None

    def attached(self, client: Client) -> list[tuple[Letter, bytes]]:
        return [(letter, content) for letter in client.letters() for _name, content in letter.files()]

    def of(self, client: Client, kind: str) -> list[Paper]:
        """Her invoices, credits or proformas, in the order of their coming."""
        return [each for each in self.papers.get(client.serial, {}).values() if each.kind == kind]

    def ends(self, client: Client) -> date | None:
        """The day on which her contract ends, as her page says it; None while nothing ends it."""
        if not client.subscription:
            return None
        told = re.search(r'<dt>Fin du contrat</dt>\s*<dd><time datetime="([\d-]+)"', self._page(client))
        return date.fromisoformat(told[1]) if told else None

    def _page(self, client: Client) -> str:
        if client.serial not in self._pages:
            self._pages[client.serial] = client.owner.visit(client.subscription)
        return self._pages[client.serial]

    def letters(self, client: Client, subject: str) -> list[Letter]:
        return [each for each in client.letters() if subject in each.subject]

    def letters_to(self, ending: str) -> list[Letter]:
        """Of the house, or of anybody whose address ends so."""
        return [each for each in self.world.place.letters.letters if each.to.endswith(ending)]

    def words(self, content: bytes) -> str:
        return words_of(content)

    def bookings(self, client: Client) -> list[Booking]:
        names = {client.name, client.name.upper()}
        return [each for each in self.world.bank.booked if each.name in names]

    def debits(self, client: Client) -> list[Debit]:
        return [each for each in self.world.bank.debits if each.name == client.name]

    def sent(self, client: Client) -> set[str]:
        """SHA-256 of each file that her machine has backed up, by her own list."""
        safe = self.world.safes.get(client.serial)
        return safe.sent() if safe else set()

    def given(self, client: Client, what: str) -> set[str]:
        """SHA-256 of each file that she was handed: ``restored`` or ``copy``."""
        return {digest for fact in client.told(what) for digest in fact.more["files"]}

    def rows(self, name: str) -> list[dict[str, str]]:
        """A list of the portal as its CSV tells it to finance, by the heads of its columns."""
        text = self.world.provider.finance.download(f"/lists/{name}/file.csv").text
        return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))

    @cached_property
    def rests(self) -> dict[str, int]:
        """Cents that each invoice still asks for, by its number."""
        finance, found = self.world.provider.finance, {}
        for row in self.rows("invoices"):
            if row["État"] in _SETTLED:
                continue
            finance.visit(f"/search?q={row['Numéro']}")
            page = finance.visit(finance.link(r"^/billing/invoices/\w{16}$"))
            told = re.search(r"<dt class=\"sum\">([^<]*)</dt>\s*<dd[^>]*>([^<]*)<", page)
            cents = cents_in(told[2]) if told else cents_of(row["Montant TTC"])
            found[row["Numéro"]] = -cents if told and "rendre" in told[1] else cents
        return found

    @cached_property
    def owed_back(self) -> list[tuple[str, int]]:
        """Customer and cents of what is still to be given back."""
        rows = [row for row in self.rows("refunds") if row["État"] not in _GIVEN_BACK]
        return [(row["Client"], cents_of(row["Montant"])) for row in rows]

    @cached_property
    def unassigned(self) -> list[tuple[str, int]]:
        """Payer and cents of the transfers that are on no invoice yet."""
        rows = [row for row in self.rows("wires") if row["État"] not in _ASSIGNED]
        return [(row["Payeur"], cents_of(row["Montant"])) for row in rows]


_SETTLED = {"payée", "reprise par avoir"}
_GIVEN_BACK = {"remboursé", "compensé", "plus rien à rendre"}
_ASSIGNED = {"enregistré"}


def cents_of(amount: str) -> int:
    """Of an amount as a spreadsheet reads it: ``-1234,56``."""
    euros_, _comma, cents = amount.lstrip("'-").partition(",")
    whole = int(euros_) * 100 + int((cents + "00")[:2])
    return -whole if "-" in amount[:2] else whole


def cents_in(text: str) -> int:
    """Of an amount as the screens write it."""
    found = _CENTS.search(text.replace("\u00a0", " ").replace("\u202f", " "))
    if found is None:
        raise LookupError(f"no amount in « {text} »")
    cents = int(re.sub(r"\s", "", found[2])) * 100 + int(found[3])
    return -cents if found[1] else cents


def euros(cents: int) -> str:
    """As a mail writes it: ``1 234,50 €``."""
    whole = f"{abs(cents) // 100:,}".replace(",", " ")
    return f"{'-' if cents < 0 else ''}{whole},{abs(cents) % 100:02d} €"


_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre")  # fmt: skip


def days_in(text: str) -> list[date]:
    """Every day that a text names in words, in its order."""
    found = re.findall(rf"\b(1er|\d\d?) ({'|'.join(_MONTHS)}) (\d{{4}})", text)
    return [
        date(int(year), _MONTHS.index(month) + 1, int(day.replace("er", ""))) for day, month, year in found
    ]
