"""The houses of the demonstration and the people in them."""

from datetime import timedelta
from typing import Any, NamedTuple

from portal import clock
from portal.access import Role
from portal.accounts.models import HASHER, Organisation
from portal.accounts.welcome import invite
from portal.demo.numbers import make_iban, make_siren, make_vat
from portal.journal import SYSTEM
from portal.links import Purpose, revoke_links
from portal.pdf.document import Document as Paper
from portal.pdf.document import Party
from portal.resellers.brand import set_face, set_support
from portal.resellers.houses import keep_contract, make_reseller

PASSWORD = "demonstration-2026"  # of every demonstration account  # noqa: S105


class House(NamedTuple):
    """A reseller. box: what its addresses end with. accent: a colour of its own, or none."""

    name: str
    box: str
    accent: str = ""


RESELLERS = (
    House("Revendeur Ouest", "ouest", "#00796b"),
    House("Revendeur Nord", "nord", "#c2185b"),
    House("Revendeur Sud", "sud"),
)
BILLS_ITSELF = House("Revendeur Est", "est", "#5d4037")  # of the past alone: two customers, its own invoices
OWN_ENTITY = {
    "name": "REVENDEUR EST SARL",
    "legal_form": "SARL au capital de 10 000 €",
    "siren": make_siren(901),
    "rcs_town": "Colmar",
    "vat_number": make_vat(make_siren(901)),
    "street": "6 rue du Pont",
    "postcode": "68000",
    "town": "Colmar",
    "country": "FR",
    "email": "factures@est.example",
    "iban": make_iban(901),
    "bank_name": "Banque de démonstration",
    "ics": "",  # it debits nobody: its customers pay by transfer
    "mandate_prefix": "EST",
}
RESELLER_PEOPLE = (
    (Role.OWNER, "Gérance", "gerance"),
    (Role.SALES, "Commerce", "commerce"),
    (Role.SUPPORT, "Atelier", "atelier"),
    (Role.READER, "Consultation", "lecture"),
)
ITS_ACCOUNTS = ((Role.ACCOUNTANT, "Comptabilité", "compta"),)  # who runs the months of its own entity
PLACES = (
    ("du Port", "29200", "Brest"),
    ("des Halles", "35000", "Rennes"),
    ("de la Gare", "59000", "Lille"),
    ("du Canal", "44000", "Nantes"),
    ("des Remparts", "13001", "Marseille"),
    ("du Pont", "68000", "Colmar"),
)


def let_in(organisation: Organisation, people: Any) -> None:
    password_hash = HASHER.hash(PASSWORD)  # one hash for all: hashing is slow on purpose
    for role, name, email in people:
        user, _address = invite(organisation, email=email, name=name, role=role, by=SYSTEM)
        user.password_hash, user.joined_at = password_hash, clock.now()
        revoke_links(Purpose.WELCOME, user)


def open_reseller(provider: Organisation, house: House, index: int) -> Organisation:
    """One that sells, with the contract that it signed, and its people."""
    (place, postcode, town), name = PLACES[index], house.name
    made = make_reseller(
        provider,
        name=name,
        legal_name=f"{name} SARL",
        siren=make_siren(800 + index),
        street=f"{index + 1} rue {place}",
        postcode=postcode,
        town=town,
        territory="France",
        by=SYSTEM,
    )
    paper = Paper("Contrat de revendeur", issuer=Party(provider.name), recipient=Party(made.legal_name))
    paper.text("Contrat de la démonstration, sans valeur.")
    keep_contract(made, paper.build(), clock.today() - timedelta(days=400), by=SYSTEM)
    made.activate(by=SYSTEM)
    support = {
        "support_email": f"support@{house.box}.example",
        "support_phone": f"02 99 00 00 {index + 10}",
        "support_hours": "du lundi au vendredi, 9 h à 18 h",
    }
    set_support(made.organisation, support, by=SYSTEM)
    set_face(made.organisation, name=name, accent=house.accent, logo=b"", without_logo=False, by=SYSTEM)
    wanted = (*RESELLER_PEOPLE, *(ITS_ACCOUNTS if house is BILLS_ITSELF else ()))
    people = [(role, f"{who}, {name}", f"{box}@{house.box}.example") for role, who, box in wanted]
    let_in(made.organisation, people)
    return made.organisation
