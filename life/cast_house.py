"""Contracts that the provider ends or suspends, each for another cause, and one customer who telephones."""

from datetime import date as D

from life import house
from life.cast import Fixed

_ENDED = (
    ("ended-breach", "Tonnellerie Baron", "NB-WS", "breach", {}),
    ("ended-illegal", "Agence du Phare", "NB-WS", "grave_breach", {}),
    ("ended-majeure", "Comptoir du Large", "NB-WS", "force_majeure", {"since_on": "2026-03-20"}),
    ("ended-danger", "Studio Keraval", "WS-M", "danger", {}),
    ("ended-hosted", "Galerie du Quai", "WS-M", "grave_breach", {}),
    ("ended-warned", "Laboratoire Ster", "NS-OBJ", "breach", {"by_itself": "y"}),
    ("ended-misuse", "Bureau Le Goff", "DB-36", "misuse", {"by_itself": "y"}),
    ("ended-damage", "Usine de Penhoat", "DB-36", "damage", {}),
)


def the_house(cast: Fixed) -> None:
    """All of them come in February and March; what the house does comes after the first debits."""
    world = cast.world
    for key, name, offer, cause, more in _ENDED:
        wired = offer == "NB-WS"
        quantity = 1 if offer in ("NS-OBJ", "DB-36") else 2
        client = cast.come(
            key, name, offer, "wire" if wired else "direct_debit", D(2026, 2, 2), quantity=quantity
        )
        client.fate = "is ended"
        if wired:
            world.pays(client, D(2026, 2, 5))
        house.ends(world, client, D(2026, 3, 24), cause, **more)
    risk = cast.come("suspended", "Institut Brehat", "NS-OBJ", "direct_debit", D(2026, 2, 2), quantity=1)
    house.suspends(world, risk, D(2026, 4, 8), D(2026, 4, 10))
    caller = cast.come("calls", "Clinique Trieux", "DB-36", "direct_debit", D(2026, 2, 2), quantity=1)
    house.calls(world, caller, D(2026, 4, 14), 1)
    for contract in ("natso", "dropcloud", "numspot"):
        house.announces(world, D(2026, 4, 20), D(2026, 4, 25), contract)
