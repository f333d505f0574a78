"""Who calls support: incidents of each gravity, claims, credits, reports of machines, work with a quote."""

from datetime import date as D

from life import desk, restores
from life.cast import Fixed
from life.client import Client
from life.world import World


def the_desk(cast: Fixed) -> None:
    """Seven customers, who come in February; what support does comes in spring."""
    world = cast.world
    cloud = cast.come(
        "desk-cloud", "Observatoire de Groix", "NS-OBJ", "direct_debit", D(2026, 2, 2), quantity=1
    )
    send = cast.come("desk-send", "Agence Ty Bihan", "WS-M", "direct_debit", D(2026, 2, 2), quantity=2)
    station = cast.come("desk-station", "Ferronnerie Guivarch", "NB-WS", "wire", D(2026, 2, 2), quantity=2)
    world.pays(station, D(2026, 2, 5))
    world.activates(station, D(2026, 2, 6))
    server = cast.come("desk-server", "Halles de Quimper", "DB-36", "direct_debit", D(2026, 2, 2), quantity=1)
    late = cast.come("desk-late", "Atelier du Corniguel", "NS-OBJ", "direct_debit", D(2026, 2, 2), quantity=1)
    world.debtor(late).poor_until = D(2026, 12, 31)
    world.on(D(2026, 6, 8), late.name, lambda: desk.credit_of(world, late))
    neo = cast.come("desk-neo", "Galerie Pen Duick", "NEO-M", "direct_debit", D(2026, 2, 2), quantity=1)
    seen = ["access;995;1000"]
    world.on(D(2026, 6, 1), neo.name, lambda: desk.measures(world, "dropcloud", D(2026, 5, 12), seen))
    world.on(D(2026, 6, 2), neo.name, lambda: _looks_at_level(world, neo))
    leaver = cast.come("desk-medium", "Chantier Le Bris", "WS-M", "direct_debit", D(2026, 2, 2), quantity=4)
    for client, day, act in (
        (cloud, D(2026, 4, 20), lambda: _total_outage(world, cloud)),
        (cloud, D(2026, 4, 22), lambda: _degraded(world, cloud)),
        (cloud, D(2026, 4, 24), lambda: _isolated(world, cloud)),
        (send, D(2026, 4, 21), lambda: _functions(world, send, 1, 241)),
        (send, D(2026, 4, 25), lambda: _functions(world, send, 1, 250)),
        (send, D(2026, 4, 28), lambda: _functions(world, send, 2, 470)),
        (
            send,
            D(2026, 4, 29),
            lambda: desk.claims(send, "malfunction", known_on="2026-04-27", posted_on="2026-04-29"),
        ),
        (
            station,
            D(2026, 4, 29),
            lambda: desk.claims(station, "malfunction", known_on="2026-04-28", posted_on="2026-04-29"),
        ),
        (station, D(2026, 2, 12), lambda: desk.claims(station, "conformity", known_on="2026-02-05")),
        (station, D(2026, 3, 3), lambda: _reports(world, station)),
    ):
        world.on(day, client.name, act)
    _credits(world, cloud)
    _restores(world, server)
    _medium(world, leaver)
    cast.gives_notice("desk-medium", D(2026, 6, 16))


def _looks_at_level(world: World, client: Client) -> None:
    client.look()
    desk.level(world, client, "2026-05")


def _total_outage(world: World, client: Client) -> None:
    """Answered after the quarter of an hour; solved in two hours of ours, while one was hers."""
    call = desk.Call(world, client)
    call.opens(1, "Stockage arrêté")
    call.waits(16)
    call.is_answered("Quelle zone ?", asks=True)
    call.waits(60)
    call.answers("La zone A.")
    call.waits(60)
    call.is_looked_at()
    call.closes("Commutateur remplacé.")
    call.is_looked_at()


def _degraded(world: World, client: Client) -> None:
    call = desk.Call(world, client)
    call.opens(2, "Stockage lent")
    call.waits(31)
    call.is_answered("Un disque est changé.")
    call.waits(180)
    call.closes("Disque changé.")
    call.is_looked_at()


def _isolated(world: World, client: Client) -> None:
    """Nobody solves it: on the seventh business day the house is told."""
    call = desk.Call(world, client)
    call.opens(3, "Un objet manque")
    call.is_answered("On cherche.")
    day = D(2026, 5, 6)

    def closes() -> None:
        call.is_looked_at()
        call.closes("Objet retrouvé.")

    world.on(day, client.name, closes)


def _functions(world: World, client: Client, severity: int, minutes: int) -> None:
    """Closed after so many minutes."""
    call = desk.Call(world, client)
    call.opens(severity, "Une fonction ne répond plus")
    call.waits(minutes)
    call.is_looked_at()
    call.closes("Service relancé.")
    call.is_looked_at()


def _reports(world: World, client: Client) -> None:
    """Her machine could not read one file: she is told by mail."""
    desk.reports(world, client, "nuit-1")
    world.place.pass_minutes(60)
    desk.reports(
        world, client, "nuit-2", outcome="partial", incidents=1, incident_texts=["Compta.xls : accès refusé"]
    )


def _credits(world: World, client: Client) -> None:
    """A month of NumSpot below its promise: reserved, proposed, claimed, granted, used."""
    for day, act in (
        (D(2026, 5, 11), lambda: desk.reserves(client, "2026-05-10T12:00", "object_storage")),
        (
            D(2026, 6, 1),
            lambda: desk.measures(
                world, "numspot", D(2026, 5, 10), ["object_storage;979;1000", "load_balancer;985;1000"]
            ),
        ),
        (D(2026, 6, 4), lambda: desk.claims_penalty(client, "2026-05")),
        (D(2026, 6, 8), lambda: desk.is_granted(world, client)),
    ):
        world.on(day, client.name, act)


def _restores(world: World, client: Client) -> None:
    """A folder by quote, code and plan; then she leaves a system for another and has it filled again."""
    safe = world.safe(client, "Serveur des halles")
    order, again = restores.Work(world, safe), restores.Work(world, safe)
    for day, act in (
        (D(2026, 2, 10), safe.opens),
        (
            D(2026, 2, 12),
            lambda: desk.prices(world, {"labour": "60,00", "reload": "80,00", "medium": "150,00"}),
        ),
        (D(2026, 3, 9), lambda: _changes(world, client)),
        (D(2026, 4, 7), order.is_asked_by_telephone),
        (D(2026, 4, 8), order.is_quoted_and_accepted),
        (D(2026, 4, 9), order.is_done),
        (D(2026, 6, 1), lambda: client.gives_notice(early=True)),
        (D(2026, 11, 30), lambda: safe.asks_back("copy")),
        (D(2026, 12, 1), lambda: again.is_wanted("reload")),
        (D(2026, 12, 2), lambda: again.is_worked("reload", 90)),
    ):
        world.on(day, client.name, act)


def _changes(world: World, client: Client) -> None:
    """More changed since the last backup than the contract was sized for."""
    desk.enrols(world, client)
    quiet = {"files_new": 0, "files_changed": 0}
    desk.reports(world, client, "jour-1", source_bytes=10**9, added_bytes=10**9, **quiet)
    world.place.pass_minutes(60)
    desk.reports(world, client, "jour-2", source_bytes=10**9, added_bytes=2 * 10**8, **quiet)
    operator = world.provider.operator
    rows = operator.visit("/backups").split("<tr")
    row = next(part for part in rows if client.name in part)
    client.reads(operator, "/backups/" + row.split('href="/backups/')[1].split('"')[0])


def _medium(world: World, client: Client) -> None:
    """She leaves, and wants her data on a disk."""
    safe = world.safe(client, "Postes du chantier")
    order = restores.Work(world, safe)
    for day, act in (
        (D(2026, 2, 10), safe.opens),
        (D(2026, 7, 6), lambda: safe.asks_back("in_house")),
        (D(2026, 7, 7), lambda: order.is_wanted("medium")),
        (D(2026, 7, 9), lambda: order.is_worked("medium", 1)),
    ):
        world.on(day, client.name, act)
