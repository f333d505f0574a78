"""What is sold under conditions: who may not buy, health data, changes, disputes, data of persons."""

from datetime import date as D

from life import conditions, privacy, sales
from life.cast import Fixed
from life.client import Client
from life.provider import NAMES
from life.world import World

_COMES = D(2026, 2, 2)


def the_sales(cast: Fixed) -> None:
    """Some are refused; the others stay, and something happens to each."""
    world = cast.world
    _refused(cast)
    _health(cast)
    year = cast.come("sales-year", "Imprimerie Le Goff", "WS-A", "wire", D(2026, 2, 3), quantity=2)
    world.pays(year, D(2026, 2, 6))
    world.pays(year, D(2027, 1, 11))
    grows = cast.come("sales-grows", "Conserverie Gonidec", "DB-36", "direct_debit", _COMES, quantity=1)
    world.on(D(2026, 6, 8), grows.name, lambda: sales.grows(grows, 1500, "420"))
    monthly = cast.come("sales-disputes", "Taxis de Cornouaille", "NB-WS-M", "wire", _COMES, quantity=1)
    world.pays(monthly, D(2026, 2, 4))
    for day, act in (
        (D(2026, 3, 4), lambda: sales.disputes(world, monthly)),
        (D(2026, 3, 5), lambda: monthly.is_refused(lambda: monthly.buy("NATSO BACKUP+ Poste de travail"))),
        (D(2026, 3, 6), lambda: sales.settles(world, monthly)),
    ):
        world.on(day, monthly.name, act)
    world.payers.append(monthly)
    world.on(D(2028, 2, 7), "operator", lambda: sales.reprices(world, "NB-WS-M", "6,60", "2028-04-01"))
    world.on(D(2026, 6, 8), "operator", lambda: sales.another_subprocessor(world, "2026-08-01", "2026-07-15"))
    east = "Revendeur Est"
    world.on(D(2026, 3, 2), "operator", lambda: sales.opens_without_contract(world, east))
    early = world.newcomer("Brasserie Lancelot", "NB-WS", "wire", quantity=1, house=east)
    early.owner = world.provider.operator
    world.on(D(2026, 3, 3), early.name, early.join)
    world.on(D(2026, 3, 4), early.name, lambda: early.is_refused(lambda: early.buy(NAMES["NB-WS"].name)))
    _new_terms(cast)
    cloud = cast.come("sales-cloud", "Ateliers de l'Odet", "NS-OBJ", "direct_debit", _COMES, quantity=1)
    send = cast.come("sales-send", "Bureau Kervran", "WS-M", "direct_debit", _COMES, quantity=1)
    world.debtor(cloud).takes_back = True
    world.on(D(2026, 11, 3), cloud.name, lambda: sales.revokes_mandate(world, cloud))
    for client in (cloud, send):
        world.on(D(2026, 5, 4), client.name, lambda client=client: privacy.person_asks(world, client))
        world.on(D(2026, 5, 6), client.name, lambda client=client: privacy.breach(world, client))


def _new_terms(cast: Fixed) -> None:
    """NumSpot publishes a version late in the life: one customer refuses it, those who are left follow."""
    world = cast.world
    client = cast.come(
        "terms-refused", "Chantier naval du Belon", "NS-OBJ", "direct_debit", D(2028, 1, 10), quantity=1
    )
    world.on(D(2028, 3, 6), "operator", lambda: conditions.publishes(world, "003", "003-2028", D(2028, 4, 3)))
    world.on(D(2028, 3, 20), client.name, lambda: conditions.refuses(world, client))


def _refused(cast: Fixed) -> None:
    """A consumer under a contract between companies; health data where they may not lie."""
    world = cast.world
    for name, kind in (("Lieve Janssens", "consumer"), ("Drukkerij Peeters", "business")):
        where = {"country": "BE", "postcode": "1000", "town": "Bruxelles"}
        belgian = world.newcomer(name, "NB-WS", "wire", kind=kind, quantity=1, **where)
        world.comes(belgian, _COMES)
        world.pays(belgian, D(2026, 2, 4))
    person = world.newcomer("Yann Morvan", "NS-OBJ", "direct_debit", kind="consumer", quantity=1)
    world.on(_COMES, person.name, lambda: person.is_refused(person.join))


def _health(cast: Fixed) -> None:
    """Ordered only under a certificate that is valid that day."""
    world = cast.world
    client = cast.come("sales-health", "Clinique de Bellevue", "DB-LINA", "direct_debit", _COMES, quantity=1)
    client.health = True
    world.on(D(2026, 2, 1), "operator", lambda: sales.certificate(world, "2026-01-01", "2027-01-31"))
    late = world.newcomer("Centre de soins Arvor", "DB-LINA", "direct_debit", quantity=1, health=True)
    world.on(D(2027, 1, 30), late.name, late.join)
    world.on(
        D(2027, 2, 1),
        late.name,
        lambda: late.is_refused(lambda: late.buy("Do'BaaS LINA, données de santé", 1000)),
    )
    sick = world.newcomer("Cabinet medical Ster", "WS-M", "direct_debit", quantity=1, health=True)
    world.on(_COMES, sick.name, lambda: _tries(world, sick))


def _tries(world: World, client: Client) -> None:
    client.join()
    client.is_refused(lambda: client.buy("DropCloud WeSend, utilisateur"))
