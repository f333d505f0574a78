"""Work of a technician: asked by telephone, quoted, accepted with a code, planned, done, billed."""

import re
from datetime import timedelta

from life.vaults import Safe
from life.world import World
from tour.person import Person, path_in

_DIGITS = re.compile(r"\b(\d{3}) ?(\d{3})\b")


class Work:
    """One piece of work for the vault of a customer."""

    def __init__(self, world: World, safe: Safe) -> None:
        self.world, self.safe, self.client, self.place = world, safe, safe.client, world.place
        self.technician = world.provider.technician
        self.request = self.order = ""

    def is_asked_by_telephone(self) -> None:
        """Several files: complex, so that it has a quote."""
        path = f"/restore-requests/call/{self.client.uid}"
        self.technician.visit(path)
        self.technician.send(
            path,
            vault=self.technician.value(r'name="vault"[\s\S]*?value="(\w{16})"'),
            caller=self.technician.value(r'name="caller"[^>]*value="(\w{16})"'),
            called_back="y",
            what="Le dossier de la comptabilité",
            scope="files",
            cause="lost_by_user",
            holder="herself",
            urgency="today",
        )
        self.request = self.safe.request = str(self.technician.page.url.path)
        self.order = self.technician.link(r"^/work-orders/\w{16}$")
        self.place.work()
        self.safe.unlocks("info")

    def is_quoted_and_accepted(self) -> None:
        self.enters("labour", 60)
        self.technician.visit(self.order)
        self.technician.send_form_of("/quote")
        self.place.work()
        email, phone = self.client.email("direction"), Person(self.place.url)
        phone.visit(path_in(self.place.letters.last(email, "Votre devis").message, "/work-quote/"))
        phone.send_form_of("/code")
        self.place.work()
        digits = _DIGITS.search(self.place.letters.last(email, "Votre code").text)
        assert digits, "no code in the mail"
        where = str(phone.page.url.path)
        phone.send_form_of(where, name="La direction, gérante", code="".join(digits.groups()))
        phone.close()
        self.place.work()
        self.client.reads(self.technician, self.order)
        self.is_planned()

    def is_planned(self) -> None:
        """For tomorrow at ten, by whoever is first in the list."""
        self.technician.visit(self.order)
        person = self.technician.value(r'name="technician"[\s\S]*?value="(\w{16})"')
        tomorrow = self.place.today + timedelta(days=1)
        self.technician.send_form_of("/plan", at=f"{tomorrow}T10:00", technician=person)
        self.place.work()

    def enters(self, item: str, quantity: int, **more: str) -> None:
        self.technician.visit(self.order)
        self.technician.send_form_of("/lines", item=item, quantity=quantity, **more)

    def is_done(self) -> None:
        """The folder is restored, checked with her, its hour entered and billed."""
        page = self.technician.visit(self.request)
        if re.search(r'action="[^"]*/key"', page):
            self.technician.send_form_of("/key")
            self.place.work()
            self.safe.unlocks("info")
        self.picks_folder("Comptabilit")
        self.place.work()
        self.technician.visit(self.request)
        self.technician.send_form_of("/check")
        self.enters("labour", 60, worked_on=str(self.place.today))
        self.technician.visit(self.request)
        self.technician.send_form_of("/billing", billed="yes")
        self.client.reads(self.technician, self.order)

    def picks_folder(self, name: str) -> None:
        page = self.technician.visit(f"{self.request}/files?q={name}")
        listing = self.technician.value(r'name="listing"[^>]*value="([^"]+)"')
        picked = re.search(r'name="pick"[^>]*value="(e\d+)"', page)
        if picked is None:
            raise LookupError(f"nothing is called {name}")
        self.technician.send_form_of("/file", listing=listing, pick=picked[1])

    def is_wanted(self, how: str) -> None:
        """Beside a copy: on a ``medium``, or a ``reload`` of another system."""
        self.technician.visit(self.safe.case)
        self.technician.send_form_of(f"/{how}")
        self.order = str(self.technician.page.url.path)
        self.is_planned()

    def is_worked(self, item: str, quantity: int) -> None:
        """Entered, ended, checked and billed."""
        self.enters(item, quantity, worked_on=str(self.place.today))
        for ending, fields in (
            ("/end", {"outcome": "whole"}),
            ("/check", {"who": "La direction"}),
            ("/billing", {}),
        ):
            self.technician.visit(self.order)
            self.technician.send_form_of(ending, **fields)
        self.client.reads(self.technician, self.order)


class Recovery:
    """Data taken along against a quote (NumSpot): asked, quoted, accepted, paid."""

    def __init__(self, world: World, safe: Safe) -> None:
        self.world, self.safe, self.client, self.place = world, safe, safe.client, world.place

    def is_asked_and_quoted(self) -> None:
        self.safe.asks_back("copy")
        operator = self.world.provider.operator
        operator.visit(self.safe.case)
        operator.send_form_of("/quote", amount_cents="480,00")
        self.place.work()

    def is_accepted(self) -> None:
        """Behind the link of the mail, with the code of another."""
        email, browser = self.client.email("direction"), Person(self.place.url)
        letter = self.place.letters.last(email, "evis")
        browser.visit(path_in(letter.message, "/fetch/"))
        browser.send_form_of("/code")
        self.place.work()
        digits = _DIGITS.search(self.place.letters.last(email, "Votre code").text)
        assert digits, "no code in the mail"
        browser.send_form_of("/check", code="".join(digits.groups()))
        browser.send_form_of("/quote")
        browser.close()
        self.place.work()

    def is_paid(self) -> None:
        operator = self.world.provider.operator
        self.client.reads(operator, self.safe.case)
        if "/payment" in operator.page.text:  # noted on the case as well
            operator.send_form_of("/payment", on=str(self.place.today), reference="VIR TANGUY")
        self.client.reads(operator, self.safe.case)
        self.place.work()
