"""Contracts that end in rarer ways: withdrawn, unused, by a letter, after talks, by nature, metered."""

from datetime import date as D

from life import house, restores
from life.cast import Fixed

_COMES = D(2026, 2, 2)


def the_ends(cast: Fixed) -> None:
    """They come in February; the last of them goes in spring of the second year."""
    world = cast.world
    for key, name, offer in (
        ("ends-mining", "Ferme de calcul Ankou", "NS-OBJ"),
        ("ends-withdrawn", "Editions du Relecq", "NS-OBJ"),
        ("ends-unused", "Association Ar Mor", "NS-OBJ"),
        ("ends-recovered", "Cabinet Tanguy", "NS-OBJ"),
        ("ends-sixty", "Cidrerie de Fouesnant", "DB-36"),
        ("ends-letter", "Transports Le Dez", "DB-36"),
        ("ends-receiver", "Chaudronnerie Prat", "DB-36"),
        ("ends-metered", "Bureau d'essais Kerlan", "DB-GB"),
        ("ends-talks", "Voilerie des Glenan", "WS-M"),
    ):
        cast.come(key, name, offer, "direct_debit", _COMES, quantity=1).fate = "is ended"
    people = cast.people
    house.ends(world, people["ends-mining"], D(2026, 3, 24), "grave_breach", by_itself="y")
    mining = people["ends-mining"]
    world.on(D(2026, 4, 7), mining.name, lambda: house.keeps_notice(world, mining))
    house.ends(world, people["ends-withdrawn"], D(2026, 4, 2), "service_withdrawn", stops_on="2026-04-17")
    house.ends(world, people["ends-sixty"], D(2026, 4, 1), "force_majeure", since_on="2026-04-01")
    house.follows(world, people["ends-sixty"], D(2026, 6, 1), "end")
    house.ends(world, people["ends-talks"], D(2026, 4, 1), "force_majeure", since_on="2026-04-01")
    house.follows(world, people["ends-talks"], D(2026, 4, 17), "end")
    breach = people["ends-letter"]
    house.ends(world, breach, D(2026, 4, 7), "breach")
    house.follows(
        world, breach, D(2026, 4, 8), "posting", posted_on="2026-04-08", tracking="1A 204 117 3346 2"
    )
    house.follows(world, breach, D(2026, 4, 10), "delivery", received_on="2026-04-10")
    house.follows(world, breach, D(2026, 4, 27), "end")
    house.ends_by_nature(
        world, people["ends-receiver"], D(2026, 5, 4), "end_of_business",
        event_on="2026-04-20", posted_on="2026-05-04", received_on="2026-05-04",
    )  # fmt: skip
    _is_unused(cast)
    _is_metered(cast)
    _recovers(cast)


def _is_unused(cast: Fixed) -> None:
    """One backup, and never another: after twelve months the account may be ended."""
    world, client = cast.world, cast.people["ends-unused"]
    safe = world.safe(client, "Archives d'Ar Mor")
    world.on(D(2026, 2, 10), client.name, safe.opens)
    house.ends(world, client, D(2027, 2, 12), "inactivity", since_on="2026-02-10")


def _is_metered(cast: Fixed) -> None:
    """Thirty-six months of what is stored, left after four: the mean of what was used is charged."""
    world, client = cast.world, cast.people["ends-metered"]
    safe = world.safe(client, "Mesures de Kerlan")
    world.on(D(2026, 2, 10), client.name, safe.opens)
    world.on(
        D(2026, 6, 9), client.name, lambda: client.reads(client.owner, f"{client.subscription}/termination")
    )
    cast.gives_notice("ends-metered", D(2026, 6, 9), early=True)


def _recovers(cast: Fixed) -> None:
    """Her data by a quote: accepted with a code, paid, handed over; the end moves to that day."""
    world, client = cast.world, cast.people["ends-recovered"]
    safe = world.safe(client, "Dossiers de Tanguy")
    recovery = restores.Recovery(world, safe)
    cast.gives_notice("ends-recovered", D(2026, 3, 2))
    world.pays(client, D(2026, 4, 9), "facture FA-2026")
    for day, act in (
        (D(2026, 2, 10), safe.opens),
        (D(2026, 4, 7), recovery.is_asked_and_quoted),
        (D(2026, 4, 8), recovery.is_accepted),
        (D(2026, 4, 13), recovery.is_paid),
        (D(2026, 4, 14), safe.opens_for_copy),
        (D(2026, 4, 15), lambda: safe.takes_copy("later")),
        (D(2026, 8, 28), safe.is_erased),
        (D(2026, 8, 31), safe.is_erased),
    ):
        world.on(day, client.name, act)
