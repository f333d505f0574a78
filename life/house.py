"""What the provider does to contracts by itself: it ends and suspends them, announces work, answers calls."""

from datetime import date, timedelta

from life.client import Client
from life.papers import one_page
from life.world import World

_FACTS = "Faits constatés la veille."


def ends(world: World, client: Client, day: date, cause: str, **more: str) -> None:
    """The operator ends her contract for a cause, or warns her first, as the contract says."""

    def act() -> None:
        if not client.subscription:
            client.look()
        operator, path = world.provider.operator, f"{client.subscription}/ending"
        asked = "&".join(f"{name}={value}" for name, value in {"cause": cause, "facts": "x", **more}.items())
        operator.visit(f"{path}?{asked}")
        operator.send(path, cause=cause, facts=_FACTS, **more)
        client.note("ended by the provider", cause=cause, page=str(operator.page.url.path))

    world.on(day, "operator", act)


def follows(world: World, client: Client, day: date, step: str, **fields: str) -> None:
    """A further step of that procedure, on its page: posting, delivery, end."""

    def act() -> None:
        operator, page = world.provider.operator, client.first("ended by the provider").more["page"]
        operator.visit(page)
        operator.send(f"{page}/{step}", **fields)
        client.reads(operator, page)

    world.on(day, "operator", act)


def keeps_notice(world: World, client: Client) -> None:
    """The operator opens the newest formal mail to her, and downloads its copy. Raises LookupError."""
    operator = world.provider.operator
    rows = operator.visit(f"/mails?customer={client.uid}").split("<tr")
    row = next((part for part in rows if "Fin de votre contrat" in part), None)
    if row is None:
        raise LookupError(f"no notice to {client.name}")
    client.reads(operator, row.split('href="')[1].split('"')[0])
    copy = operator.download(operator.link(r"/copy$")).content
    client.note("copy kept", size=len(copy))


def ends_by_nature(world: World, client: Client, day: date, cause: str, **typed: str) -> None:
    """An event of her own, with its document and its letter, noted by her reseller."""

    def act() -> None:
        path = f"{client.subscription}/end-by-nature"
        client.owner.visit(path)
        client.owner.send(
            path,
            cause=cause,
            whose="customer",
            administrator="silent",
            tracking="1A 204 117 3345 9",
            files={"document": ("jugement.pdf", one_page("Jugement"))},
            **typed,
        )
        client.reads(client.owner, client.subscription)
        world.place.work()

    world.on(day, client.name, act)


def suspends(world: World, client: Client, day: date, until: date) -> None:
    """For a danger: at once, and lifted on another day."""

    def act() -> None:
        operator, path = world.provider.operator, f"{client.subscription}/suspension"
        operator.visit(path)
        operator.send(path, cause="security", facts="Machine infectée.")

    def lift() -> None:
        operator, path = world.provider.operator, f"{client.subscription}/suspension"
        operator.visit(path)
        operator.send_form_of("/suspension/lifting", why="Machine nettoyée.")

    world.on(day, "operator", act)
    world.on(until, "operator", lift)


def announces(world: World, day: date, night: date, contract: str) -> None:
    """Two hours of work on the first service of a contract, from nine in the evening of another day."""

    def act() -> None:
        operator = world.provider.operator
        operator.visit("/planned-work/new")
        service = operator.value(rf'value="({contract}:\w+)"')
        operator.send(
            "/planned-work",
            starts_at=f"{night}T21:00",
            ends_at=f"{night}T23:00",
            words="Remplacement d'un commutateur.",
            services=service,
        )

    world.on(day, "operator", act)


def calls(world: World, client: Client, day: date, severity: int) -> None:
    """She telephones about an incident; it is closed that day and its report follows within the month."""

    def call() -> None:
        technician = world.provider.technician
        path = f"/tickets/call/{client.uid}"
        technician.visit(path)
        caller = technician.value(r'name="caller"[^>]*value="(\w{16})"')
        technician.send(
            path,
            kind="incident",
            severity=str(severity),
            subject="Plus d'accès au service",
            text="Rien ne répond depuis ce matin.",
            caller=caller,
            called_back="y",
        )
        ticket = technician.page.url.path
        world.place.work()
        technician.visit(ticket)
        technician.send_form_of("/closing", solution="Câble remplacé.", told="mail", at="")
        client.note("called", ticket=ticket)

    def report() -> None:
        technician = world.provider.technician
        technician.visit(client.first("called").more["ticket"])
        technician.send_form_of("/report", report_text="Causes : câble. Solutions : remplacé.", send="y")

    world.on(day, "technician", call)
    world.on(day + timedelta(days=12), "technician", report)
