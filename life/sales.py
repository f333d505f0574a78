"""What happens to a sale: certificates, more volume, a dispute, a mandate that is taken back."""

import re

from life.client import Client
from life.papers import one_page
from life.provider import NAMES
from life.world import World
from tour.numbers import make_siren
from tour.person import Person, path_in


def certificate(world: World, since: str, through: str) -> None:
    """The operator enters the paper by which health data may be hosted, and sells what it allows."""
    operator = world.provider.operator
    operator.visit("/certificates/new")
    operator.send(
        "/certificates",
        standard="HDS",
        number="90001",
        scope="Activités 1 à 6",
        issued_by="Organisme certificateur",
        referential="2",
        valid_from=since,
        valid_through=through,
        covers_dobaas="y",
        covers_dropcloud="y",
        files={"paper": ("certificat.pdf", one_page("Certificat HDS"))},
    )
    world.provider.sells("DB-LINA")


def grows(client: Client, volume: int, price: str) -> None:
    """More volume: her reseller asks, her signatory signs the amendment with a code."""
    owner = client.owner
    client.look()
    path = f"{client.subscription}/change"
    owner.visit(f"{path}?kind=volume&volume_gb={volume}&price={price}")
    seen = owner.value(r'name="seen" value="([^"]*)"')
    owner.send(path, kind="volume", volume_gb=volume, price=price, seen=seen)
    client.place.work()
    phone, letters = Person(client.place.url), client.place.letters
    link = path_in(letters.last(client.email("direction"), "À signer").message, "/amendment/")
    phone.visit(link)
    phone.send_form_of("/code")
    client.place.work()
    code = re.search(
        r"^\s+(\d{3} ?\d{3})\s*$", letters.last(client.email("direction"), "Votre code").text, re.M
    )
    assert code, "no code in the mail"
    phone.visit(link)
    shown = re.search(r'name="seen" value="([^"]*)"', phone.page.text)
    phone.send(link, code=code[1], name="La direction, gérance", seen=shown[1] if shown else "")
    phone.close()
    client.place.work()
    client.reads(owner, client.subscription)


def disputes(world: World, client: Client) -> None:
    """Finance notes that she contests her newest invoice."""
    finance = world.office.finance
    client.look()
    finance.visit(client.subscription)
    invoice = finance.link(r"^/billing/invoices/\w{16}$")
    finance.visit(f"{invoice}/dispute")
    finance.send(f"{invoice}/dispute", reason="Clés non reçues")
    finance.visit(invoice)
    client.note("disputes", page=finance.link(r"^/billing/disputes/\w{16}$"))


def settles(world: World, client: Client) -> None:
    """She was wrong; she pays, and may order again."""
    finance, page = world.office.finance, client.first("disputes").more["page"]
    finance.visit(page)
    finance.send_form_of("/outcome", state="dispute_rejected", outcome="Clés renvoyées.")


def revokes_mandate(world: World, client: Client) -> None:
    """Her letter has come: a month later nothing is debited."""
    finance = world.office.finance
    finance.visit(client.path)
    finance.visit(finance.link(r"^/sepa/mandates/\w{16}$"))
    finance.send_form_of("/revocation", received_on=str(world.place.today), notice_months="1")
    client.reads(finance, str(finance.page.url.path))
    world.place.work()


def amends(world: World, client: Client, key: str, value: str | list[str], *, from_on: str) -> None:
    """What both have signed on paper about one value of her contract is entered by the operator.

    value: typed, or what is ticked of a list.
    """
    client.look()
    operator, today = world.provider.operator, str(world.place.today)
    path = f"/contracts/{client.subscription.rpartition('/')[2]}/amendments"
    operator.visit(f"{path}/new?key={key}")
    operator.send_form_of(
        "/amendments",
        kind="amendment",
        label="Avenant",
        key=key,
        value=value,
        signed_on=today,
        effective_on=from_on,
        signed_by_both="y",
    )
    client.reads(operator, client.subscription)


def reprices(world: World, code: str, price: str, on: str) -> None:
    """The provider decides another price; whoever pays it is told."""
    operator, name = world.provider.operator, NAMES[code].name
    row = next(part for part in operator.visit("/prices").split("<tr") if f">{name}<" in part)
    path = row.split('href="')[1].split('"')[0]
    operator.visit(f"{path}?price={price}&effective_on={on}")
    operator.send(path, price=price, effective_on=on)
    world.place.work()


def opens_without_contract(world: World, name: str) -> None:
    """A reseller is entered whose contract is not signed yet."""
    operator = world.provider.operator
    operator.visit("/resellers/new")
    operator.send_form_of(
        "/resellers",
        below=operator.value(r'name="below" value="(\w+)"'),
        name=name,
        siren=make_siren(990),
        street="1 rue du Port",
        postcode="29200",
        town="Brest",
        support_email="support990@est.example",
    )


def another_subprocessor(world: World, effective_on: str, object_until: str) -> None:
    """Announced to every customer of NumSpot, with the list and the last day to object."""
    operator, room = world.provider.operator, "/privacy/sub-processors"
    operator.visit(f"{room}/changes/new")
    operator.send(
        f"{room}/changes",
        name="Nuage GmbH",
        country="DE",
        purpose="Stockage objet",
        covers_numspot="y",
        replaces="",
        effective_on=effective_on,
        object_until=object_until,
    )
    operator.send_form_of("/announcement")
    world.place.work()
