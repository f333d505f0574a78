"""The days: what the portal does by itself, what people do on theirs, and what the bank answers."""

import random
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from clients.activate import License, LicenseError
from life.bank import Bank, Debtor
from life.client import Client
from life.faults import Fault
from life.finance import Office
from life.papers import Paper, papers_in
from life.place import Place
from life.provider import NAMES, Provider
from life.software import Software
from life.vaults import Safe
from tour.numbers import make_iban

BEGINS = date(2026, 1, 6)
_TROUBLES = (RuntimeError, LookupError, ValueError, AssertionError, LicenseError, httpx.HTTPError)
_HANDS_IN = (0, 3)  # Mondays and Thursdays
Act = Callable[[], None]


class World:
    """One provider's life. ``on`` a day somebody does something; ``live`` through the days."""

    def __init__(self, place: Place, seed: int, faults: Mapping[date, Fault] | None = None) -> None:
        self.place, self.chance = place, random.Random(seed)
        self.chance_of_faults = random.Random(seed + 2)
        self.provider = Provider(place)
        self.bank = Bank(make_iban(900), chance=random.Random(seed + 1))
        self.office = Office(place, self.provider, self.bank)
        self.clients: list[Client] = []
        self.payers: list[Client] = []  # who pay by wire whatever asks for it
        self.safes: dict[int, Safe] = {}  # by the serial of who backs up
        self.programs = [Software(place, owner) for owner in self.provider.owners]
        self.faults = faults or {}
        self.acts = 0
        self.days = 0
        self.troubles: list[tuple[date, str, str]] = []  # what somebody could not do
        self._story: dict[date, list[tuple[str, Act]]] = defaultdict(list)
        self._machines: dict[str, License] = {}

    # -- who comes -----------------------------------------------------------------------------------------

    def newcomer(self, name: str, offer: str, method: str, **more: Any) -> Client:
        """Somebody who has not come yet."""
        serial = len(self.clients) + 1
        usual = {"kind": "business", "quantity": 3, "postcode": "44000", "town": "Nantes", "country": "FR"}
        owner = self.provider.owners[serial % len(self.provider.owners)]
        client = Client(
            serial=serial,
            name=name,
            offer=offer,
            terms=NAMES[offer].terms,
            method=method,
            owner=owner,
            finance=self.provider.finance,
            place=self.place,
            **{**usual, **more},
        )
        self.clients.append(client)
        return client

    def on(self, day: date, who: str, act: Act) -> None:
        self._story[day].append((who, act))

    def debtor(self, client: Client) -> Debtor:
        """Her account at her bank."""
        return self.bank.debtors.setdefault(make_iban(client.serial), Debtor())

    def comes(self, client: Client, day: date, volume: int | None = None) -> None:
        """She is onboarded and orders that day; one who pays by wire does so three days later."""

        def joins() -> None:
            client.join()
            client.buy(NAMES[client.offer].name, volume)
            client.look()

        self.on(day, client.name, joins)

    def pays(self, client: Client, day: date, subject: str = "pro forma") -> None:
        """A transfer of what her last paper of that kind asks for, with its number."""

        def pay() -> None:
            self._transfer(client, client.last_paper(subject))

        self.on(day, client.name, pay)

    def pays_invoices(self, client: Client, day: date, until: date) -> None:
        """A transfer for each invoice that came by then and was not paid by one."""

        def pay() -> None:
            paid = {each.more["number"] for each in client.told("paid")}
            for letter in client.letters():
                for paper in papers_in(letter) if letter.on <= until else ():
                    if paper.kind == "invoice" and paper.number not in paid:
                        self._transfer(client, paper)

        self.on(day, client.name, pay)

    def _transfer(self, client: Client, paper: Paper) -> None:
        iban = make_iban(client.serial + 5000)
        self.bank.wire(client.name, paper.cents, f"Reglement {paper.number}", iban, self.place.today)
        client.note("paid", cents=paper.cents, number=paper.number)

    def _settle(self, client: Client) -> None:
        """She pays what she was asked for at least five days ago and has not paid yet."""
        for paper in client.asked_by_wire(self.place.today - timedelta(days=5)):
            self._transfer(client, paper)

    def safe(self, client: Client, name: str) -> Safe:
        """Where her machine backs up to, from the day on which it opens."""
        return self.safes.setdefault(client.serial, Safe(client, self.provider, name))

    # -- machines ------------------------------------------------------------------------------------------

    def machine(self, client: Client, number: int = 1) -> License:
        name = f"{client.serial}-{number}"
        if name not in self._machines:
            folder = Path(self.place.folder) / "machines" / name
            self._machines[name] = License(self.place.url, folder, self._public_keys(), name)
        return self._machines[name]

    def _public_keys(self) -> dict[str, str]:
        keys: dict[str, str] = self.provider.operator.download("/api/v1/license-keys").json()
        return keys

    def activates(self, client: Client, day: date, number: int = 1) -> None:
        def activate() -> None:
            client.look()
            try:
                self.machine(client, number).activate(client.keys[0])
                client.note("licence", state="VALID", number=number)
            except LicenseError as error:
                client.note("licence", state=error.code, number=number)

        self.on(day, client.name, activate)

    def asks(self, client: Client, day: date, number: int = 1) -> None:
        """Her machine asks for its licence: what it is told is a fact of that day."""

        def ask() -> None:
            machine, said = self.machine(client, number), ""
            try:
                machine.heartbeat()
                said = machine.state(self.place.clock.now())
            except LicenseError as error:
                said = error.code
            client.note("licence", state=said, number=number)
            self._reads_key(client, said)

        self.on(day, client.name, ask)

    def _reads_key(self, client: Client, said: str) -> None:
        """Her reseller's program reads the same key, the same day."""
        for program in self.programs:
            if program.owner is client.owner:
                rows = program.rows("keys", customer=client.uid)
                states = {row["masked"][-5:]: row["state"] for row in rows}
                client.note("key read", machine=said, program=states.get(client.keys[0][-5:], "no such key"))

    def looks(self, client: Client, day: date, number: int = 1) -> None:
        """Her machine asks its own file only, as one without network does."""

        def look() -> None:
            try:
                said = self.machine(client, number).state(self.place.clock.now())
            except LicenseError as error:
                said = error.code
            client.note("licence", state=said, number=number)

        self.on(day, client.name, look)

    def renews_by_file(self, client: Client, day: date, number: int = 1) -> None:
        """Somebody carries a file from the machine to the page of its key, and the answer back."""

        def carry() -> None:
            client.look()
            machine = self.machine(client, number)
            request, answer = machine.folder / "request.json", machine.folder / "answer.json"
            machine.write_request(client.keys[0], request)
            answer.write_bytes(client.hands_in(request.read_bytes()))
            machine.read_response(answer)
            client.note("renewed by file", number=number)

        self.on(day, client.name, carry)

    # -- the days ------------------------------------------------------------------------------------------

    def live(self, months: int) -> None:
        """From the first day on."""
        last = BEGINS + timedelta(days=days_of(months))
        day = BEGINS
        while day <= last:
            self._live_day(day)
            day += timedelta(days=1)
            self.days += 1

    def _live_day(self, day: date) -> None:
        self.place.at(day, 6)
        if day in self.faults:
            self.faults[day](self.place, self.chance_of_faults)
        self.place.work()
        self.place.at(day, 10)
        if day == BEGINS or (day.day == 1 and day.month in (1, 7)):
            self._try("finance", lambda: self.office.open_books(day))
        if day == BEGINS:
            self._try("finance", self.office.set_ladder)
        for who, act in self._story.pop(day, []):
            self._try(who, act)
        if day.weekday() == 4:
            for client in self.payers:
                self._try(client.name, lambda client=client: self._settle(client))
        if day.day == 2:
            self._try("finance", lambda: self.office.bill(f"{day:%Y-%m}"))
        if day.weekday() in _HANDS_IN:
            self._try("finance", lambda: self.office.hand_in(day))
        if day.weekday() == 1:
            self._try("finance", lambda: self.office.refund(day))
        self.bank.close_day(day)
        self.place.at(day, 18)
        if statement := self.bank.statement(day):
            self._try("finance", lambda: self.office.read(statement))
            self.place.work()

    def _try(self, who: str, act: Act) -> None:
        """What somebody cannot do is told of, and the day goes on."""
        self.acts += 1
        try:
            act()
        except _TROUBLES as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno} {at.line})"
            self.troubles.append((self.place.today, who, told[:500]))
        with suppress(Exception):
            self.place.pass_minutes()


def days_of(months: int) -> int:
    """Of so many months, as they are on the average."""
    return round(months * 30.44)


def instant(day: date, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
