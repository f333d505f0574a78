"""A new version of a contract's documents: published, refused by one customer, followed by the others."""

import hashlib
import re
from datetime import date

from life.client import Client
from life.world import World

# Said by the shipped document and counted by nothing in a life: that it is gone changes no day and no amount.
_LEFT_OUT = "confidentiality.years"


def publishes(world: World, code: str, version: str, applies_on: date) -> None:
    """The version in force under another name, without one line; every customer of it is told by mail."""
    operator, old = world.provider.operator, f"{code}-2026"
    text = operator.download(f"/terms/{old}/text").text.replace(
        f'version = "{old}"', f'version = "{version}"'
    )
    sha = hashlib.sha256(version.encode()).hexdigest()
    text = re.sub(r'^sha256 = "[0-9a-f]{64}"', f'sha256 = "{sha}"', text, count=1, flags=re.M)
    text = re.sub(rf'^"{re.escape(_LEFT_OUT)}" = .*\n', "", text, flags=re.M)
    operator.visit("/terms/new")
    operator.send("/terms/new", text=text)
    operator.visit(f"/terms/{version}/changes")
    operator.send_form_of("/publication", effective_on=str(applies_on))
    world.place.work()


def refuses(world: World, client: Client) -> None:
    """She opens the link of that mail in her space, reads what changes and says no in writing."""
    letter = world.place.letters.last(client.email("direction"), "conditions")
    found = re.search(r"/notices/\w{16}", letter.text)
    if found is None:
        raise LookupError(f"no link to the new terms came to {client.name}")
    client.reads(client.herself, found[0])
    client.herself.visit(found[0])
    client.herself.send_form_of("/refusal", written="y")
    client.note("refused terms")
    world.place.work()
    client.reads(client.herself, found[0])
