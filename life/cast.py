"""Who lives: people whose every date was worked out by hand, and others whom the seed draws."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from life.client import Client
from life.sales import amends
from life.vaults import Safe
from life.world import BEGINS, World

D = date
_TOWNS = (
    ("35000", "Rennes"),
    ("29200", "Brest"),
    ("44600", "Saint-Nazaire"),
    ("69003", "Lyon"),
    ("59800", "Lille"),
)
_NAMES = (
    "Menuiserie",
    "Garage",
    "Pharmacie",
    "Imprimerie",
    "Cabinet",
    "Librairie",
    "Laiterie",
    "Atelier",
    "Verrerie",
)
_OF = (
    "du Pont",
    "des Halles",
    "de la Gare",
    "du Moulin",
    "des Tilleuls",
    "du Canal",
    "de l'Octroi",
    "du Marais",
)


@dataclass(slots=True)
class Fixed:
    """The people of :mod:`life.judge.hand`, by the name under which it speaks of them."""

    world: World
    people: dict[str, Client]

    def come(self, key: str, name: str, offer: str, method: str, day: date, **more: object) -> Client:
        client = self.world.newcomer(name, offer, method, **more)
        self.people[key] = client
        volume = 1000 if offer in ("DB-36", "DB-LINA") else None
        self.world.comes(client, day, volume)
        return client

    def safes(self, key: str) -> Safe:
        """Her vault, which :meth:`World.safe` has made."""
        return self.world.safes[self.people[key].serial]

    def gives_notice(self, key: str, day: date, reason: str = "none", *, early: bool = False) -> None:
        client = self.people[key]
        self.world.on(day, client.name, lambda: client.gives_notice(reason, early=early))


def the_fixed(world: World, most: int, *more: "Group") -> dict[str, Client]:
    """People of the hand-worked table, group by group while they are no more than so many; then ``more``."""
    cast = Fixed(world, {})
    for size, group in (*_GROUPS, *more):
        if len(cast.people) + size <= most:
            group(cast)
    return cast.people


def _licences(cast: Fixed) -> None:
    """A year of three licences from 15 January 2026, left in time, too late, and never."""
    world = cast.world
    for key, name, notice in (
        ("year", "Scierie du Vallon", None),
        ("year-in-time", "Scierie des Hauts", D(2026, 10, 15)),
        ("year-too-late", "Scierie du Bas", D(2026, 10, 16)),
    ):
        client = cast.come(key, name, "NB-WS", "wire", D(2026, 1, 12))
        world.pays(client, D(2026, 1, 15))
        world.activates(client, D(2026, 1, 16))
        if notice:
            cast.gives_notice(key, notice)
        for day in (D(2027, 1, 14), D(2027, 1, 15), D(2028, 1, 14), D(2028, 1, 15)):
            world.asks(client, day)
    world.pays(cast.people["year"], D(2027, 1, 8), "facture FA-2027")
    world.pays(cast.people["year-too-late"], D(2027, 1, 20), "facture FA-2027")
    world.asks(cast.people["year-too-late"], D(2027, 1, 21))
    world.pays(cast.people["year"], D(2028, 1, 8), "facture FA-2028")
    unpaid = cast.come("unpaid-order", "Cordonnerie Lenoir", "NB-WS", "wire", D(2026, 2, 10))
    unpaid.fate = "never pays"


def _machines(cast: Fixed) -> None:
    """Three licences through two years and more: one whose machine is mostly unplugged, one without any
    network, one whose second year is debited.
    """
    world = cast.world
    plugged = cast.come("plugged", "Optique Sarrail", "NB-WS", "wire", D(2026, 1, 12), quantity=1)
    offline = cast.come("offline", "Mairie de Lannec", "NB-WS", "wire", D(2026, 1, 12), quantity=1)
    for client in (plugged, offline):
        world.pays(client, D(2026, 1, 15))
        world.pays(client, D(2027, 1, 8), "facture FA-2027")
        world.on(D(2027, 10, 15), client.name, client.gives_notice)
    world.activates(plugged, D(2026, 1, 16))
    world.asks(plugged, D(2026, 5, 20))
    world.looks(plugged, D(2026, 6, 1))
    world.asks(plugged, D(2027, 1, 5))
    world.looks(plugged, D(2027, 1, 14))
    world.looks(plugged, D(2027, 1, 15))
    world.asks(plugged, D(2027, 1, 16))
    world.activates(plugged, D(2027, 2, 1), 2)
    world.on(D(2027, 2, 2), plugged.name, plugged.releases_a_machine)
    world.activates(plugged, D(2027, 2, 3), 2)
    world.asks(plugged, D(2027, 2, 4))
    for day in (D(2028, 1, 14), D(2028, 1, 15)):
        world.asks(plugged, day, 2)
    world.renews_by_file(offline, D(2026, 1, 19))
    for day in (D(2026, 1, 20), D(2026, 12, 31), D(2027, 1, 15)):
        world.looks(offline, day)
    world.renews_by_file(offline, D(2027, 1, 18))
    for day in (D(2027, 1, 19), D(2028, 1, 14), D(2028, 2, 20)):
        world.looks(offline, day)
    _debited(cast)


def _debited(cast: Fixed) -> None:
    """An amendment allows what the contract does not, a debit of the second year; it comes back, and a
    transfer makes the licence valid again, on another machine.
    """
    world = cast.world
    client = cast.come("debited", "Papeterie de l'Aulne", "NB-WS", "wire", D(2026, 1, 12), quantity=1)
    world.pays(client, D(2026, 1, 15))
    world.activates(client, D(2026, 1, 16))
    means = ["wire", "card", "cheque", "direct_debit"]
    for day, act in (
        (D(2026, 6, 1), lambda: amends(world, client, "payment.methods", means, from_on="2027-01-15")),
        (D(2026, 6, 2), lambda: client.pays_otherwise("direct_debit", D(2027, 1, 15))),
        (D(2027, 3, 15), client.releases_a_machine),
        (D(2027, 10, 1), client.gives_notice),
    ):
        world.on(day, client.name, act)
    world.debtor(client).poor_until = D(2027, 12, 31)
    world.pays(client, D(2027, 3, 10), "facture FA-2027")
    for month, day in ((1, 14), (1, 15), (1, 22), (2, 4), (2, 20), (3, 7), (3, 8), (3, 11)):
        world.asks(client, D(2027, month, day))
    world.activates(client, D(2027, 3, 16), 2)
    for each in (D(2027, 3, 17), D(2028, 1, 14), D(2028, 1, 15)):
        world.asks(client, each, 2)


def _monthly(cast: Fixed) -> None:
    """From the 31st and from the 1st, left on the last day for it and a day later."""
    world = cast.world
    for key, name, notice in (
        ("31st-in-time", "Atelier Dumont", D(2026, 9, 15)),
        ("31st-late", "Atelier Renard", D(2026, 9, 16)),
    ):
        client = cast.come(key, name, "NB-WS-M", "wire", D(2026, 1, 31), quantity=1)
        world.pays(client, D(2026, 1, 31))
        world.payers.append(client)
        cast.gives_notice(key, notice)
        world.activates(client, D(2026, 2, 18))
        for day in (D(2026, 5, 20), D(2026, 9, 29), D(2026, 9, 30), D(2026, 10, 30), D(2026, 10, 31)):
            world.asks(client, day)
    free = cast.come(
        "month-consumer", "Claire Dumont", "NB-WS-M", "wire", D(2026, 1, 31), kind="consumer", quantity=1
    )
    world.pays(free, D(2026, 1, 31))
    world.payers.append(free)
    cast.gives_notice("month-consumer", D(2026, 9, 16))
    for key, name, notice in (
        ("1st-in-time", "Coiffure du Lac", D(2026, 6, 16)),
        ("1st-late", "Coiffure du Parc", D(2026, 6, 17)),
    ):
        cast.come(key, name, "WS-M", "direct_debit", D(2026, 2, 1), quantity=4)
        cast.gives_notice(key, notice)


def _long(cast: Fixed) -> None:
    """Thirty-six months left early, and a contract of ninety days' notice."""
    cast.come("36-left-14", "Fonderie Morel", "DB-36", "direct_debit", D(2026, 2, 1), quantity=1)
    cast.gives_notice("36-left-14", D(2027, 6, 1), early=True)
    cast.come("36-left-25", "Fonderie Blanc", "DB-36", "direct_debit", D(2026, 2, 1), quantity=1)
    cast.gives_notice("36-left-25", D(2026, 7, 1), early=True)
    cast.come("90-days", "Studio Lune", "NS-OBJ", "direct_debit", D(2026, 3, 2), quantity=1)
    cast.gives_notice("90-days", D(2026, 11, 21))


def _elsewhere(cast: Fixed) -> None:
    """What a sale costs where the buyer is."""
    cast.come(
        "reunion", "Case Creole", "WS-M", "direct_debit", D(2026, 2, 4), quantity=2,
        country="RE", postcode="97400", town="Saint-Denis",
    )  # fmt: skip
    swiss = cast.come(
        "swiss", "Helvetia Daten", "NB-WS", "wire", D(2026, 2, 5), quantity=1,
        country="CH", postcode="1200", town="Genève",
    )  # fmt: skip
    cast.world.pays(swiss, D(2026, 2, 9))
    town = cast.come(
        "town", "Commune de Valmont", "NB-WS", "wire", D(2026, 2, 6), kind="public_body", quantity=2
    )
    cast.world.pays(town, D(2026, 3, 16))


def _trouble(cast: Fixed) -> None:
    """Consumers who withdraw, a debit taken back in week seven, an account that is empty for a month."""
    world = cast.world
    for key, name, back in (
        ("withdraws", "Camille Petit", D(2026, 12, 7)),
        ("withdraws-late", "Louis Garnier", D(2026, 12, 8)),
    ):
        client = cast.come(key, name, "NB-WS", "wire", D(2026, 11, 20), kind="consumer", quantity=1)
        world.pays(client, D(2026, 11, 23))
        world.on(back, name, client.withdraws if key == "withdraws" else client.withdraws_too_late)
    client = cast.people["withdraws"]
    world.on(D(2026, 12, 8), client.name, client.wants_money_on)
    taker = cast.come("takes-back", "Garage Ouest", "WS-M", "direct_debit", D(2026, 3, 1), quantity=5)
    world.debtor(taker).takes_back = True
    poor = cast.come("poor", "Atelier Brun", "WS-M", "direct_debit", D(2026, 4, 1), quantity=1)
    world.debtor(poor).poor_until = D(2026, 4, 30)
    world.pays(poor, D(2026, 5, 20), "facture FA-2026")


def _vaults(cast: Fixed) -> None:
    """Five vaults: a file fetched twice, a service that stops, data taken in time, late, and never."""
    _fetches_and_leaves(cast)
    _stops(cast)
    world, ends = cast.world, D(2026, 6, 16)
    for key, name in (
        ("vault-takes", "Verger des Ondines"),
        ("vault-silent", "Moulin de Kergoat"),
        ("vault-forgets", "Relais du Ponant"),
    ):
        client = cast.come(key, name, "WS-M", "direct_debit", D(2026, 2, 1), quantity=4)
        world.on(D(2026, 2, 10), name, world.safe(client, f"Postes de {name}").opens)
        cast.gives_notice(key, ends)
    takes, silent, forgets = (cast.safes(f"vault-{key}") for key in ("takes", "silent", "forgets"))
    world.on(D(2026, 6, 17), takes.client.name, takes.client.gets_space)
    for day, safe, act in (
        (D(2026, 7, 6), takes, lambda: takes.asks_back("in_house")),
        (D(2026, 7, 7), takes, takes.opens_for_copy),
        (D(2026, 7, 8), takes, takes.is_erased),
        (D(2026, 7, 9), takes, lambda: takes.takes_copy("later")),
        (D(2026, 7, 10), takes, takes.is_erased),
        (D(2026, 7, 29), takes, takes.is_erased),
        (D(2026, 7, 31), takes, takes.is_erased),
        (D(2026, 7, 30), silent, lambda: silent.asks_back("copy")),
        (D(2026, 7, 31), silent, silent.is_erased),
        (D(2026, 8, 3), silent, silent.opens_for_copy),
        (D(2026, 8, 5), silent, lambda: silent.takes_copy(None)),
        (D(2026, 8, 24), silent, silent.is_erased),
        (D(2026, 8, 26), silent, silent.is_erased),
        (D(2026, 7, 31), forgets, lambda: forgets.asks_back_too_late("copy")),
        (D(2026, 8, 4), forgets, forgets.is_erased),
    ):
        world.on(day, safe.client.name, act)


def _fetches_and_leaves(cast: Fixed) -> None:
    """Do'BaaS: a restore that is billed, one that is not, and thirty-six months left early."""
    world = cast.world
    client = cast.come("vault-36", "Archives Kervella", "DB-36", "direct_debit", D(2026, 2, 1), quantity=1)
    safe = world.safe(client, "Serveur de Kervella")
    cast.gives_notice("vault-36", D(2026, 7, 1), early=True)
    for day, act in (
        (D(2026, 2, 10), safe.opens),
        (D(2026, 3, 10), lambda: safe.asks_restore("lost_by_user")),
        (D(2026, 3, 11), lambda: safe.gets_file("90,00")),
        (D(2026, 4, 14), lambda: safe.asks_restore("hosted_equipment")),
        (D(2026, 4, 15), lambda: safe.gets_file(None)),
        (D(2026, 12, 31), safe.looks),
        (D(2027, 1, 4), lambda: safe.asks_back("copy")),
        (D(2027, 1, 4), lambda: safe.writes_letter("1A 204 117 3345 8")),
        (D(2027, 1, 6), safe.opens_for_copy),
        (D(2027, 1, 7), safe.is_erased),
        (D(2027, 1, 8), lambda: safe.takes_copy("later")),
        (D(2027, 1, 8), safe.is_erased),
    ):
        world.on(day, client.name, act)


def _stops(cast: Fixed) -> None:
    """NumSpot: an account that is empty, a service that is suspended, and paid for again."""
    world = cast.world
    client = cast.come("vault-stops", "Port de Loctudy", "NS-OBJ", "direct_debit", D(2026, 3, 2), quantity=1)
    safe = world.safe(client, "Serveur du port")
    world.debtor(client).poor_until = D(2026, 7, 31)
    world.on(D(2026, 3, 10), client.name, safe.opens)
    world.pays_invoices(client, D(2026, 8, 18), D(2026, 5, 31))
    for week in range(24):
        world.on(D(2026, 4, 6) + timedelta(days=7 * week), client.name, safe.looks)


Group = tuple[int, Callable[[Fixed], None]]
_GROUPS: tuple[Group, ...] = (
    (4, _licences),
    (3, _long),
    (4, _trouble),
    (5, _monthly),
    (3, _machines),
    (3, _elsewhere),
    (5, _vaults),
)


# -- who is drawn

_OFFERS = (("NB-WS", "wire"), ("NB-WS-M", "wire"), ("WS-M", "direct_debit"), ("WS-A", "wire"),
           ("NS-OBJ", "direct_debit"), ("DB-36", "direct_debit"))  # fmt: skip
Fate = Callable[[World, Client, date, random.Random], None]


def the_drawn(world: World, count: int, months: int) -> None:
    """So many more, who come in the first half of the life and to whom the seed gives a fate."""
    chance = world.chance
    for number in range(count):
        offer, method = chance.choice(_OFFERS)
        postcode, town = chance.choice(_TOWNS)
        name = f"{chance.choice(_NAMES)} {chance.choice(_OF)} {number + 1}"
        quantity = 1 if offer in ("DB-36", "NS-OBJ") else chance.randint(1, 8)
        client = world.newcomer(name, offer, method, quantity=quantity, postcode=postcode, town=town)
        day = BEGINS + timedelta(days=chance.randint(1, max(2, round(months * 15))))
        world.comes(client, day, 1000 if offer == "DB-36" else None)
        if method == "wire":
            world.pays(client, day + timedelta(days=chance.randint(1, 9)))
        fate = chance.choice((_stays, _stays, _leaves, _leaves, _poor, _takes_back))
        fate(world, client, day, chance)


def _stays(world: World, client: Client, day: date, chance: random.Random) -> None:
    client.fate = "stays"
    _pays_what_comes(world, client, day)


def _leaves(world: World, client: Client, day: date, chance: random.Random) -> None:
    client.fate = "leaves"
    _pays_what_comes(world, client, day)
    notice = day + timedelta(days=chance.randint(20, 330))
    reason = chance.choice(("none", "none", "switch"))
    world.on(notice, client.name, lambda: client.gives_notice(reason))


def _poor(world: World, client: Client, day: date, chance: random.Random) -> None:
    client.fate = "poor for a while"
    _pays_what_comes(world, client, day)
    if client.method == "direct_debit":
        world.debtor(client).poor_until = day + timedelta(days=chance.randint(20, 75))


def _takes_back(world: World, client: Client, day: date, chance: random.Random) -> None:
    client.fate = "takes one back"
    _pays_what_comes(world, client, day)
    if client.method == "direct_debit":
        world.debtor(client).takes_back = True


def _pays_what_comes(world: World, client: Client, day: date) -> None:
    """Every invoice that is not debited is paid within two weeks of its coming."""
    world.payers.append(client)
