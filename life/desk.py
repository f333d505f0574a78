"""What support does: incidents by telephone with their clocks, claims, credits, reports of machines."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import httpx

from life.client import Client
from life.world import World

HOURS = timedelta(hours=1)


class Call:
    """One incident of a customer, from the telephone to its report."""

    def __init__(self, world: World, client: Client) -> None:
        self.world, self.client, self.place = world, client, world.place
        self.technician = world.provider.technician
        self.path = ""

    def opens(self, severity: int, subject: str) -> None:
        path = f"/tickets/call/{self.client.uid}"
        self.technician.visit(path)
        self.technician.send(
            path,
            kind="incident",
            severity=str(severity),
            subject=subject,
            text="Depuis ce matin.",
            caller=self.technician.value(r'name="caller"[^>]*value="(\w{16})"'),
            called_back="y",
        )
        self.path = str(self.technician.page.url.path)
        self.place.work()

    def waits(self, minutes: int) -> None:
        """Time goes by, and what is due by then is done."""
        self.place.pass_minutes(minutes)
        self.place.work()

    def is_answered(self, text: str, *, asks: bool = False) -> None:
        self.technician.visit(self.path)
        self.technician.send_form_of("/answers", text=text, asks="y" if asks else None)
        self.place.work()

    def answers(self, text: str) -> None:
        """She writes in her space."""
        self.client.herself.visit(self.path)
        self.client.herself.send_form_of("/messages", text=text)
        self.place.work()

    def closes(self, solution: str) -> None:
        self.technician.visit(self.path)
        self.technician.send_form_of("/closing", solution=solution, told="mail", at="")
        self.place.work()

    def contests(self, text: str) -> None:
        self.client.herself.visit(self.path)
        self.client.herself.send_form_of("/contest", text=text)
        self.place.work()

    def is_looked_at(self) -> None:
        """By support: its clocks and the clauses that say them."""
        self.client.reads(self.technician, self.path)


def claims(client: Client, kind: str, **days: str) -> None:
    """In her space: what she got is not what she bought, or something was damaged."""
    client.herself.visit("/tickets/new")
    client.herself.send(
        "/tickets/new", kind=kind, severity="", subject="Réclamation", text="Voir ci-joint.", **days
    )
    client.reads(client.herself, str(client.herself.page.url.path))


def measures(world: World, contract: str, day: date, lines: Iterable[str]) -> None:
    """What the probe has seen: ``service;up;measured`` of a day of a contract's services."""
    text = "jour;service;up;mesure\n" + "".join(f"{day};{line}\n" for line in lines)
    technician = world.provider.technician
    technician.visit("/availability/measures/new")
    technician.send("/availability/measures", contract=contract, files={"file": ("sonde.csv", text.encode())})
    world.place.work()


def level(world: World, client: Client, month: str) -> None:
    """Somebody of support reads a month of her services."""
    uid = client.subscription.rpartition("/")[2]
    client.reads(world.provider.technician, f"/service-levels/{uid}?month={month}")


def reserves(client: Client, end: str, service: str) -> None:
    """She says within two days that a service did not work."""
    path = f"/service-levels/{client.subscription.rpartition('/')[2]}"
    client.reads(client.herself, f"{path}?month={end[:7]}")
    client.herself.send_form_of(
        f"/reservations?month={end[:7]}",
        services=service,
        starts_at=f"{datetime.fromisoformat(end) - HOURS:%Y-%m-%dT%H:%M}",
        ends_at=end,
        words="Relevé de la sonde.",
    )


def claims_penalty(client: Client, month: str) -> None:
    path = f"/service-levels/{client.subscription.rpartition('/')[2]}"
    client.reads(client.herself, f"{path}?month={month}")
    client.herself.send_form_of(f"/claims?month={month}", calculation="Voir la réserve.")


def credit_of(world: World, client: Client) -> str:
    """The page of the credit that is proposed to her, read by the operator. Raises LookupError."""
    operator = world.provider.operator
    rows = operator.visit("/credits-due").split("<tr")
    path = next((part.split('href="')[1].split('"')[0] for part in rows if client.name in part), None)
    if path is None:
        raise LookupError(f"no credit is proposed to {client.name}")
    client.reads(operator, path)
    return path


def is_granted(world: World, client: Client) -> None:
    path = credit_of(world, client)
    world.provider.operator.send(f"{path}/acceptance")
    world.place.work()


def prices(world: World, euros: dict[str, str]) -> None:
    """What an hour, a disk, a journey costs from today on."""
    operator = world.provider.operator
    for item, price in euros.items():
        operator.visit("/work-prices")
        operator.send("/work-prices", item=item, price=price, effective_on=str(world.place.today))


def enrols(world: World, client: Client) -> None:
    """Her machine, with the key that she reads in her space."""
    her = client.herself
    her.visit(client.subscription)
    her.visit(her.link(r"^/keys/\w{16}$"))
    client.enrols_with = her.value(r'<code class="key">([0-9A-Z-]{23})<')
    world.machine(client).activate(client.enrols_with)


def reports(world: World, client: Client, run: str, **values: object) -> None:
    """Her machine tells how its backup went, with the token of its own."""
    machine, now = world.machine(client), world.place.clock.now().astimezone(UTC)
    base = f"{world.place.url}/api/v1"
    proof = {"key": client.enrols_with or client.keys[0], "fingerprint": machine.fingerprint}
    token = httpx.post(f"{base}/machine-tokens", json=proof).raise_for_status().json()["token"]
    body = {
        "run_id": run,
        "started_at": f"{now - HOURS:%Y-%m-%dT%H:%M:%SZ}",
        "ended_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "outcome": "ok",
        "source_bytes": 10**9,
        "added_bytes": 10**6,
        "files_new": 3,
        "files_changed": 7,
        "files_total": 1000,
        "incidents": 0,
        "client_version": "agent 3.2",
        **values,
    }
    answer = httpx.post(f"{base}/backup-reports", json=body, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 201:
        raise RuntimeError(answer.text)
    world.place.work()
