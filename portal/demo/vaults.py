"""A few customers with a real repository each, backed up by restic as their own machine would."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, repeat
from pathlib import Path

from portal import clock
from portal.config import data_dir
from portal.customers.models import Customer
from portal.demo.machines import NAMES
from portal.engine.customer_side import backup, init_repository
from portal.engine.models import Vault, register_vault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from portal.subscriptions.models import subscriptions_of

PASSPHRASE = "phrase-de-demonstration-2026"  # noqa: S105 - of the demonstration vaults
LETTERS = (
    "Devis charpente.txt",
    "Factures/2026/FA-0412.txt",
    "Factures/2026/FA-0413.txt",
    "Comptabilité/Bilan é, à relire.txt",
    "Plans/Façade nord [v2].txt",
    "Notes.txt",
)


def fill_vaults(*customers: Customer) -> None:
    """A repository with three days of backups for each customer; the passphrase is in the README."""
    engine = Restic()
    places = [data_dir() / "vaults" / customer.uid for customer in customers]
    with ThreadPoolExecutor(os.cpu_count()) as together:  # nearly all of it is making keys of passphrases
        list(together.map(_back_up, repeat(engine), places, count()))
    for customer, location in zip(customers, places, strict=True):
        _register(engine, customer, location)


def _back_up(engine: Restic, location: Path, number: int) -> None:
    location.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(location, ignore_errors=True)  # left by a demonstration that was interrupted
    repo = RepoRef(str(location))
    init_repository(engine, repo, Passphrase(PASSPHRASE))
    with disk_of(f"poste-{number + 1}") as disk:
        folder = disk / "Documents"
        for age in (2, 1, 0):
            _write_files(folder, number, age)
            at = clock.now() - timedelta(days=age, hours=3)
            backup(engine, repo, Passphrase(PASSPHRASE), [folder], NAMES[0], at=at)


@contextmanager
def disk_of(machine: str) -> Iterator[Path]:
    """A folder that is called like a machine, or nearly so where there is one: backups keep its name."""
    place = Path(tempfile.gettempdir()) / machine
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        place = Path(tempfile.mkdtemp(prefix=f"{machine}-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def _write_files(folder: Path, number: int, age: int) -> None:
    for position, letter in enumerate(LETTERS):
        path = folder / letter
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Document {number}-{position}, version {3 - age}\n" * (20 + 7 * position))


def _register(engine: Restic, customer: Customer, location: Path) -> Vault:
    running = subscriptions_of(customer)
    vault = register_vault(
        customer,
        name="Postes de travail",
        location=str(location),
        subscription_uid=running[0].uid if running else "",
    )
    vault.measured(engine.usage(vault.repo))
    return vault
