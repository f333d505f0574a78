"""Data of persons: one who asks for hers is passed on, and a breach is told by its hours and channels."""

from datetime import timedelta

from life.client import Client
from life.place import PARIS
from life.world import World

_WRITTEN = {
    "nature": "Lecture d'un serveur : 40 fiches de contacts.",
    "contact": "Déléguée à la protection des données, dpo@fournisseur.example",
    "consequences": "Des adresses peuvent être écrites.",
    "measures": "Accès fermé, mots de passe changés.",
}


def person_asks(world: World, client: Client) -> None:
    """Somebody whose data her customer keeps writes to the provider."""
    operator = world.provider.operator
    operator.visit("/privacy/requests/new")
    operator.send(
        "/privacy/requests",
        name="Léa Roux",
        email=f"lea{client.serial}@autre.example",
        language="fr",
        kind="access",
        received_at=f"{world.place.today}T08:00",
        customer=client.name,
        words="Mes photos",
    )
    client.reads(operator, str(operator.page.url.path))
    world.place.work()


def breach(world: World, client: Client) -> None:
    """Known at eight; told in writing, and by telephone where her contract wants both."""
    operator, today = world.provider.operator, world.place.today
    operator.visit("/privacy/breaches/new")
    operator.send("/privacy/breaches", name="Serveur lu", known_at=f"{today}T08:00")
    page = str(operator.page.url.path)
    operator.send(f"{page}/customers", through="customer", name=client.name)
    operator.send(f"{page}/parts", **_WRITTEN)
    operator.visit(page)
    operator.send(f"{page}/notice")
    world.place.work()
    operator.visit(page)
    if f"{page}/calls" in operator.page.text:
        world.place.pass_minutes(30)
        operator.visit(page)  # whoever telephoned so long signs in again
        called = world.place.clock.now().astimezone(PARIS) - timedelta(minutes=5)
        operator.send(
            f"{page}/calls",
            customer=client.uid,
            called_at=f"{called:%Y-%m-%dT%H:%M}",
            spoken_with="Direction",
            reached="y",
        )
    client.reads(operator, page)
