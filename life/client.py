"""A customer and her reseller: what they do with the portal, by its pages and by the links of its mails."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from markupsafe import escape

from life.papers import Paper, papers_in
from life.place import Letter, Place, plain
from life.staff import Worker
from tour.accepting import accept_terms
from tour.numbers import make_iban, make_siren
from tour.person import PASSWORD, Person, path_in

_KEY = re.compile(r"\b(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}\b")
_CODE = re.compile(r"^\s+(\d{3} ?\d{3})\s*$", re.M)


@dataclass(frozen=True, slots=True)
class Fact:
    """What somebody did, as she would tell it herself."""

    on: date
    what: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Client:
    """Who she is; the rest is found out."""

    serial: int
    name: str
    kind: str  # of the form: business, consumer, non_professional, public_body
    terms: str  # natso, dropcloud, dobaas, numspot
    offer: str  # code of the offer
    method: str  # of payment
    quantity: int
    postcode: str
    town: str
    country: str
    owner: Worker
    finance: Worker
    place: Place
    fate: str = "stays"
    uid: str = ""
    order: str = ""  # path of her order's page
    subscription: str = ""  # path of its page
    iban: str = ""
    facts: list[Fact] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # that came by mail
    enrols_with: str = ""  # what her vault's machines enrol with, from its page
    house: str = ""  # name of the reseller under whom the provider itself enters her
    health: bool = False  # data of patients
    space: Worker | None = None  # somebody of hers with an account

    def email(self, role: str) -> str:
        return f"{role}@client{self.serial}.example"

    @property
    def reference(self) -> str:
        """Who she is in her reseller's own systems."""
        return f"C-{self.serial:04d}"

    @property
    def path(self) -> str:
        return f"/customers/{self.uid}"

    def pays_by(self, on: date) -> str:
        """Her means of payment of the period that contains a day."""
        known = [each.more for each in self.told("pays otherwise")]
        return next((more["method"] for more in reversed(known) if more["from_on"] <= on), self.method)

    def note(self, what: str, **more: Any) -> None:
        self.facts.append(Fact(self.place.today, what, more))

    def told(self, what: str) -> list[Fact]:
        return [each for each in self.facts if each.what == what]

    def first(self, what: str) -> Fact:
        return self.told(what)[0]

    def reads(self, person: Worker, path: str) -> str:
        """What a page about her says to somebody, in words."""
        person.visit(path)
        text = person.words()
        self.note("read", text=text)
        return text

    def is_refused(self, act: Callable[[], object]) -> None:
        """Somebody tries something for her and reads why not. Raises AssertionError if it is done."""
        try:
            act()
        except RuntimeError as refusal:
            self.note("read", text=plain(str(refusal)))
            return
        raise AssertionError(f"nobody refused {self.name}")

    # -- becoming a customer -------------------------------------------------------------------------------

    def join(self) -> None:
        """Her reseller onboards her; her signatory accepts the contract with a link and a code."""
        siren = (
            None if self.kind == "consumer" or self.country not in ("FR", "RE") else make_siren(self.serial)
        )
        self.owner.visit("/customers/new")
        below = self.owner.value(rf'value="(\w+)">{self.house}<') if self.house else None
        self.owner.send(
            "/customers/new",
            reseller=below,
            kind=self.kind,
            name=self.name,
            siren=siren,
            street=f"{self.serial % 90 + 1} rue du Port",
            postcode=self.postcode,
            town=self.town,
            country=self.country,
            language="fr",
            health_data="yes" if self.health else "no",
            terms=self.terms,
            partner_reference=self.reference,
            **{
                "billing-name": "Comptabilité",
                "billing-email": self.email("compta"),
                "signatory-name": "Direction",
                "signatory-email": self.email("direction"),
                "technical-name": "Informatique",
                "technical-email": self.email("info"),
            },
        )
        self.uid = self.owner.value(r"/customers/(\w{16})")
        self.place.work()
        accept_terms(self.place.url, _Working(self.place), self.email("direction"))
        self.place.work()
        self.note("accepted")

    def buy(self, provider_offer: str, volume: int | None = None) -> None:
        """Her reseller orders for her. provider_offer: the offer's name as the page shows it."""
        path = f"{self.path}/orders/new"
        self.owner.visit(path)
        product = self.owner.value(
            rf'value="(\w+)"[^>]*>\s*<span class="choice-name">{re.escape(escape(provider_offer))}<'
        )
        self.owner.visit(f"{path}?product={product}&quantity={self.quantity}")
        outside = "y" if self.country == "CH" else None
        once = re.search(r'name="once"[^>]*value="(\w+)"', self.owner.page.text)
        self.owner.send_form_of(
            "/orders",
            once=once[1] if once else None,
            product=product,
            quantity=self.quantity,
            volume_gb=volume,
            health="yes" if self.health else "no",
            outside_eu=outside,
            method=self.method,
        )
        self.order = self.owner.page.url.path
        self.note("ordered", quantity=self.quantity)
        self.place.work()
        if self.method == "direct_debit" and not self.iban:
            self.sign_mandate()

    def sign_mandate(self) -> None:
        """On her phone: account, text, code."""
        letter = self.place.letters.last(self.email("direction"), "À signer")
        path, phone = path_in(letter.message, "/sign/"), Person(self.place.url)
        self.iban = make_iban(self.serial)
        phone.visit(path)
        phone.send_form_of(
            "/account",
            iban=self.iban,
            holder=self.name,
            street=f"{self.serial % 90 + 1} rue du Port",
            postcode=self.postcode,
            town=self.town,
            country=self.country,
        )
        shown = re.search(r'name="shown"[^>]*value="([^"]*)"', phone.page.text)
        assert shown
        phone.send_form_of(
            "/code",
            shown=shown[1],
            authorise="y",
            entitled="y",
            signer_name="La direction",
            signer_role="Gérance",
        )
        self.place.work()
        self._type_code(phone, "Votre code pour signer", "/signature")
        phone.close()
        self.place.work()
        self.note("signed")

    def _type_code(self, phone: Person, subject: str, ending: str) -> None:
        code = _CODE.search(self.place.letters.last(self.email("direction"), subject).text)
        assert code, "no code in the mail"
        phone.send_form_of(ending, code=code[1])

    def pays_otherwise(self, method: str, from_on: date) -> None:
        """Her reseller asks for another means of payment from her next period on; she signs a mandate."""
        self.look()
        path = f"{self.subscription}/means"
        self.owner.visit(path)
        seen = self.owner.value(r'name="seen" value="([^"]*)"')
        self.owner.send_form_of("/means", method=method, seen=seen)
        self.note("pays otherwise", method=method, from_on=from_on)
        self.place.work()
        if method == "direct_debit" and not self.iban:
            self.sign_mandate()

    def look(self) -> None:
        """Find her subscription and her keys, once the order was delivered."""
        if self.order and not self.subscription:
            found = re.search(r"/subscriptions/\w{16}", self.owner.visit(self.order))
            self.subscription = found[0] if found else ""
        for letter in self.letters():
            self.keys += [key for key in _KEY.findall(letter.text) if key not in self.keys]

    def letters(self) -> list[Letter]:
        """What came to any of her addresses."""
        ending = f"@client{self.serial}.example"
        return [each for each in self.place.letters.letters if each.to.endswith(ending)]

    def last_paper(self, subject: str) -> Paper:
        """The newest attached paper of a mail about this. Raises LookupError."""
        for letter in reversed(self.letters()):
            if subject in letter.subject and (papers := papers_in(letter)):
                return papers[0]
        raise LookupError(f"no paper « {subject} » came to {self.name}")

    def asked_by_wire(self, until: date) -> list[Paper]:
        """Papers that came by then, ask for a transfer, and that she has not paid."""
        paid = {each.more["number"] for each in self.told("paid")}
        asked = []
        for letter in self.letters():
            if letter.on <= until and "Bénéficiaire : " in letter.text:
                asked += [each for each in papers_in(letter) if each.number not in paid]
        return asked

    def _page_of_her_key(self) -> str:
        self.look()
        self.owner.visit(self.subscription)
        return self.owner.link(r"^/keys/\w{16}$")

    def hands_in(self, request: bytes) -> bytes:
        """A machine's request, on the page of its key; the licence file that comes back."""
        self.owner.visit(self._page_of_her_key())
        self.owner.send_form_of("/request-file", files={"file": ("demande.json", request)})
        return self.owner.page.content

    def releases_a_machine(self) -> None:
        """The seat of the first machine on the page of her key is given back."""
        self.owner.visit(self._page_of_her_key())
        self.owner.send_form_of("/release")
        self.note("released")

    def gets_space(self) -> None:
        """Her reseller invites her to a space of her own."""
        owner, email = self.owner, f"espace@client{self.serial}.example"
        owner.visit(self.path)
        owner.visit(owner.link(r"/people/new\?house="))
        house = owner.value(r'name="house" value="(\w+)"')
        owner.send_form_of(
            "/people", house=house, role="customer", email=email, name="Direction", language="fr"
        )
        self.place.work()
        self.space = Worker(self.place.url, email, PASSWORD)
        invited = self.place.letters.last(email, "")
        self.space.welcome(path_in(invited.message, "/welcome/"), email, PASSWORD)

    @property
    def herself(self) -> Worker:
        """In her space, to which she is invited when she first needs it."""
        if self.space is None:
            self.gets_space()
        assert self.space is not None
        return self.space

    def withdraws(self) -> None:
        """A consumer changes her mind."""
        self.look()
        self.owner.visit(f"{self.subscription}/withdrawal")
        self.owner.send_form_of("/withdrawal")
        self.note("withdrew")
        self.place.work()

    def withdraws_too_late(self) -> None:
        """She tries, and is told that it is over."""
        try:
            self.withdraws()
        except RuntimeError:
            self.note("refused")

    def wants_money_on(self) -> None:
        """She says on which account she wants back what is owed to her."""
        rows = self.finance.visit("/refunds").split("<tr")
        found = next((re.search(r"/refunds/\w{16}", row) for row in rows if self.name in row), None)
        if found is None:
            raise LookupError(f"nothing is owed to {self.name}")
        account = {"iban": make_iban(self.serial + 5000), "holder": self.name}
        self.finance.visit(found[0])
        self.finance.send_form_of("/account", **account)

    def gives_notice(self, reason: str = "none", *, early: bool = False, **more: Any) -> None:
        """Her reseller notes the notice that she sends today."""
        self.look()
        path = f"{self.subscription}/termination"
        self.owner.visit(path)
        self.owner.send_form_of(
            "/termination", sent_on=str(self.place.today), reason=reason, early="y" if early else None, **more
        )
        self.note("notice", reason=reason, early=early)
        self.place.work()


class _Working:
    """Mails that come because the worker is told to work."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def wait_for(self, recipient: str, subject: str) -> Any:
        self._place.work()
        return self._place.letters.last(recipient, subject).message
