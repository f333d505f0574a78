"""Load the demonstration once: three resellers, sixty customers, orders in every state."""

import random
from datetime import date, timedelta
from typing import Any

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.backups.gaps import GapKind, note_gap
from portal.billing.einvoice_records import issue_from
from portal.catalogue.models import Method, Product
from portal.catalogue.offers import make_product, shipped_offers
from portal.customers.models import ContactRole, Customer, CustomerKind, onboard
from portal.db import EVERYTHING, commits, db, scope
from portal.demo.houses import BILLS_ITSELF, OWN_ENTITY, PLACES, RESELLERS, let_in, open_reseller
from portal.demo.late import add_late_payers
from portal.demo.machines import fill_machines
from portal.demo.numbers import make_iban, make_siren, make_vat
from portal.demo.past.days import begins_on, moved_clock
from portal.demo.past.life import live_past
from portal.demo.past.tickets import ask_back
from portal.demo.past.whole import one_transaction
from portal.demo.vaults import fill_vaults
from portal.journal import SYSTEM
from portal.resellers.houses import make_provider
from portal.resellers.models import LegalEntity, issuer_for
from portal.sepa.models import open_mandate
from portal.sepa.models.entity import make_entity
from portal.sepa.signing.documents import freeze_shown, sign_mandate
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order, subscriptions_of
from portal.subscriptions.ordering import place_order, record_wire
from portal.terms.in_force import stack_in_force
from portal.trends.jobs import keep_figures

PROVIDER_PEOPLE = (
    (Role.OPERATOR, "Exploitation", "exploitation@portail.example"),
    (Role.FINANCE, "Comptabilité", "finance@portail.example"),
    (Role.FINANCE, "Trésorerie", "tresorerie@portail.example"),
    (Role.TECHNICIAN, "Support technique", "technique@portail.example"),
    (Role.AUDITOR, "Contrôle interne", "audit@portail.example"),
)
TRADES = (
    "Menuiserie",
    "Boulangerie",
    "Cabinet comptable",
    "Garage",
    "Imprimerie",
    "Pharmacie",
    "Étude notariale",
    "Atelier d'architecture",
    "Fromagerie",
    "Librairie",
    "Clinique vétérinaire",
    "Bureau d'études",
)
_E_INVOICES_FROM = date(2026, 9, 1)  # a year before small companies must


@commits
def load(past_months: int = 0) -> date | None:
    """Everything in one transaction: a demonstration that was interrupted starts again from nothing.

    past_months: so many months before today are lived first, as far as the contracts reach back; 0 for none.
    Returns the first lived day; None without a past, and where there is a demonstration already.
    """
    with one_transaction(), scope(EVERYTHING):
        if db.session.scalars(db.select(Organisation).limit(1)).first() is not None:
            return None
        first = begins_on(clock.today(), past_months) if past_months else None
        if first is not None:
            houses, products = _open_in_the_past(first)
        else:
            _provider, houses, products, _entity = _open()
        _load_today(houses, products, has_past=first is not None)
    return first


def _open() -> tuple[Organisation, list[Organisation], dict[str, Product], LegalEntity]:
    """The provider, its people and offers, and three resellers with theirs."""
    provider = make_provider("Sauvegarde Démo", by=SYSTEM)
    let_in(provider, PROVIDER_PEOPLE)
    entity = _entity(provider)
    issue_from(entity, max(clock.today(), _E_INVOICES_FROM), by=SYSTEM)
    products = _products(provider)
    houses = [open_reseller(provider, house, index) for index, house in enumerate(RESELLERS)]
    return provider, houses, products, entity


def _open_in_the_past(first: date) -> tuple[list[Organisation], dict[str, Product]]:
    """Open that day, and live the days until yesterday."""
    today = clock.today()
    with moved_clock() as move:
        move(first, 6, 0)
        provider, houses, products, entity = _open()
        itself = open_reseller(provider, BILLS_ITSELF, len(PLACES) - 1)
        own = make_entity(itself, OWN_ENTITY, by=SYSTEM)
        extra = make_product(provider, shipped_offers()["NB-WS-M"], by=SYSTEM, unit_cents=600)
        people = {user.email.removesuffix(".example"): user for user in db.session.scalars(db.select(User))}
        people = {box.removesuffix("@portail"): user for box, user in people.items()}
        live_past(
            provider,
            entity,
            own,
            [*houses, itself],
            {**products, extra.code: extra},
            people,
            first=first,
            today=today,
            move=move,
        )
    return houses, products


def _load_today(houses: list[Organisation], products: dict[str, Product], *, has_past: bool) -> None:
    """Sixty customers who came today, with orders in every state."""
    with scope(EVERYTHING):
        customers = [one for index, house in enumerate(houses) for one in _customers(house, index)]
        if has_past:
            for house in RESELLERS:
                _ask_back(house.box)
        else:  # the past has late payers of its own
            add_late_payers(customers[7], customers[10])
        _orders(customers, products)
        _order_storage(customers[4], products["NS-OBJ"])
        for customer in customers[1:7]:
            _sign(customer)
        fill_vaults(customers[0], customers[1], customers[2], customers[4])  # one for each contract
        fill_machines(customers)
        note_gap(subscriptions_of(customers[1])[0], GapKind.VOLUME, 620)
        note_gap(subscriptions_of(customers[2])[0], GapKind.VOLUME, 1_240)  # its contract has no price list
        db.session.flush()
        keep_figures()
        db.session.commit()


def _ask_back(box: str) -> None:
    """The first customer of a house, who has an account, and its technician."""
    people = db.select(User).where(User.email.in_([f"client@{box}.example", f"atelier@{box}.example"]))
    technician, person = sorted(db.session.scalars(people), key=lambda user: user.email)
    query = db.select(Customer).where(Customer.organisation_id == person.organisation_id)
    ask_back(db.session.scalars(query).one(), technician)


def _entity(provider: Organisation) -> LegalEntity:
    return make_entity(
        provider,
        {
            "name": "SAUVEGARDE DEMO SAS",
            "legal_form": "SAS au capital de 50 000 €",
            "siren": make_siren(900),
            "rcs_town": "Rennes",
            "vat_number": make_vat(make_siren(900)),
            "street": "4 quai de la Démonstration",
            "postcode": "35000",
            "town": "Rennes",
            "country": "FR",
            "email": "facturation@portail.example",
            "ics": "FR15ZZZ588627",
            "iban": make_iban(900),
            "bank_name": "Banque de démonstration",
            "mandate_prefix": "DEMO",
        },
        by=SYSTEM,
    )


def _products(provider: Organisation) -> dict[str, Product]:
    """What the demonstration sells, at prices of its own."""
    prices: dict[str, dict[str, Any]] = {
        "NB-WS": {"unit_cents": 5988},
        "NB-SRV": {"unit_cents": 23880},
        "WS-M": {"unit_cents": 1200, "included_gb": 50, "grid": {500: 12_000, 1_000: 21_600, 2_000: 38_400}},
        "DB-36": {"unit_cents": 30000, "included_gb": 1000},
        "NS-OBJ": {"unit_cents": 25000, "gb_month_cents": 2},
    }
    known = shipped_offers()
    return {code: make_product(provider, known[code], by=SYSTEM, **price) for code, price in prices.items()}


def _customers(reseller: Organisation, index: int) -> list[Customer]:
    chance = random.Random(index)  # noqa: S311 - invented data, the same every time
    made: list[Customer] = []
    for number in range(20):
        serial = index * 20 + number + 1
        place, postcode, town = PLACES[(number + index) % len(PLACES)]
        name = f"{TRADES[(number + index * 5) % len(TRADES)]} {place}"
        if any(customer.name == name for customer in made):
            name += f" {number}"
        box = f"client{serial:02d}.example"
        contacts = {
            ContactRole.BILLING: ("Service comptable", f"compta@{box}", ""),
            ContactRole.TECHNICAL: ("Service informatique", f"info@{box}", ""),
            ContactRole.INCIDENT: ("Astreinte", f"astreinte@{box}", ""),
            ContactRole.SIGNATORY: ("Direction", f"direction@{box}", ""),
        }
        siren = make_siren(serial)
        customer = onboard(
            reseller,
            contacts=contacts,
            by=SYSTEM,
            kind=CustomerKind.BUSINESS,
            name=name,
            siren=siren,
            siret=None,
            vat_number=make_vat(siren),
            street=f"{chance.randint(1, 90)} rue {place}",
            postcode=postcode,
            town=town,
            country="FR",
            health_data=False,
            language="fr",
        )
        terms = ("natso", "dropcloud", "dobaas")[number % 3]
        customer.accept(stack_in_force(terms, clock.today()), by=SYSTEM, address="127.0.0.1")
        made.append(customer)
    let_in(
        made[0].organisation,
        [(Role.CUSTOMER, f"Direction, {made[0].name}", f"client@{RESELLERS[index].box}.example")],
    )
    return made


def _orders(customers: list[Customer], products: dict[str, Product]) -> None:
    """A few of each kind: paid, waiting for the wire, waiting for the mandate, not ordered yet."""
    chance = random.Random(7)  # noqa: S311 - invented data, the same every time
    for number, customer in enumerate(customers):
        if number % 5 == 4:
            continue
        accepted = {row.document for row in customer.acceptances}
        if "000" in accepted:
            product = products["NB-SRV" if number % 4 == 0 else "NB-WS"]
            order = place_order(customer, product, chance.randint(1, 12), Method.WIRE, by=SYSTEM)
            if number % 4 != 3:
                _pay(order, number)
        else:
            product = products["WS-M" if "001" in accepted else "DB-36"]
            quantity = chance.randint(2, 20) if "001" in accepted else 1
            order = place_order(customer, product, quantity, Method.DIRECT_DEBIT, by=SYSTEM)
            ask_for_mandate(order, by=SYSTEM)


def _order_storage(customer: Customer, product: Product) -> None:
    """One customer under the fourth contract, whose recovery is quoted."""
    customer.accept(stack_in_force("numspot", clock.today()), by=SYSTEM, address="127.0.0.1")
    ask_for_mandate(place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM), by=SYSTEM)


def _sign(customer: Customer) -> None:
    """Sign the mandate that waits, as the pages do."""
    mandate = open_mandate(customer, issuer_for(customer))
    if mandate is None or mandate.link is None:
        return
    visitor = {"ip": "127.0.0.1", "user_agent": "demo", "language": "fr"}
    iban = make_iban(customer.id)
    mandate.enter_account(iban=iban, name=customer.name[:70], address=mandate.address, visitor=visitor)
    mandate.signer_name, mandate.signer_role = "Direction", "Gérance"
    mandate.signer_email = mandate.link.recipient
    freeze_shown(mandate)
    sign_mandate(mandate, mandate.link, visitor)


def _pay(order: Order, number: int) -> None:
    assert order.proforma is not None
    record_wire(
        order,
        received_on=clock.today() - timedelta(days=1),
        amount_cents=order.proforma.gross_cents,
        reference=f"VIR-DEMO-{number:03d}",
        by=SYSTEM,
    )
