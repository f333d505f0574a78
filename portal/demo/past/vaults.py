"""Vaults of the past: one that is restored from, and one that its customer takes home before it is erased."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask import current_app

from portal import clock, jobs
from portal.accounts.models import User
from portal.customers.models import Customer
from portal.demo.past.days import let_the_portal_work
from portal.demo.past.stage import Stage
from portal.demo.vaults import PASSPHRASE, disk_of
from portal.desk.models import WorkOrder
from portal.desk.prices import Item, set_price
from portal.desk.quoting import send_quote, tell_customer
from portal.engine.child import launcher
from portal.engine.customer_side import backup, init_repository
from portal.engine.key_agent import KeyAgent
from portal.engine.models import Vault, VaultOpening, register_vault, vaults_of
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from portal.linked.visitor import Signer
from portal.restore_requests.inventory import Inventory
from portal.restore_requests.models import Cause, RestoreKind, RestoreRequest, open_request
from portal.restore_requests.picking import choice_of
from portal.restore_requests.settling import settle, usual_cents
from portal.subscriptions.models import subscriptions_of

_SIGNER = Signer("Direction")
_RESTORED, LEAVES = 111, 112  # serials
_PRICES = {Item.SIMPLE: 4_500, Item.LABOUR: 9_000, Item.TRAVEL: 6_000}
_FILES = ("Devis/2026-014.txt", "Factures/FA-0231.txt", "Atelier/Consignes.txt")
_MEGA = 1_000_000


def tell_vaults(stage: Stage) -> None:
    for item, cents in _PRICES.items():
        stage.on(stage.first, partial(_price, stage, item, cents))
    for serial in (_RESTORED, LEAVES):
        came = max(stage.day(18, 20), stage.first + timedelta(days=18))
        stage.on(came, partial(back_up, stage, serial, 1))
    stage.on(stage.day(4, 15), partial(_restore_one_file, stage))
    stage.on(stage.day(2, 6), partial(_restore_by_quote, stage))
    stage.on(stage.days_ago(1), partial(_ask_restore, stage, RestoreKind.COMPLEX, "Tout le dossier Atelier"))


def _price(stage: Stage, item: Item, cents: int) -> None:
    set_price(stage.provider, item, cents, clock.today(), by=stage.people["exploitation"])


# Backups


def back_up(stage: Stage, serial: int, number: int) -> None:
    """Her machine backs up; the first time into a new repository, which becomes her vault."""
    customer = stage.customers.get(serial)
    if customer is None or not subscriptions_of(customer):
        return
    place = Path(current_app.config["DATA_DIR"]) / "vaults" / customer.uid
    engine, repo, key = Restic(), RepoRef(str(place)), Passphrase(PASSPHRASE)
    if number == 1:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        init_repository(engine, repo, key)
    with disk_of("serveur") as disk:
        folder = disk / "Documents"
        _write_files(folder, serial, number)
        backup(engine, repo, key, [folder], "serveur", at=clock.now() - timedelta(hours=4))
    vault = next(iter(vaults_of(customer)), None) or _registered(customer, place)
    vault.measured(engine.usage(vault.repo))


def _write_files(folder: Path, serial: int, number: int) -> None:
    for position, name in enumerate(_FILES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Pièce {serial}-{position}, version {number}\n" * 40)
    chance = random.Random(f"{serial} {number}")  # noqa: S311 - invented data, the same every time
    (folder / f"Photos-{number}.bin").write_bytes(chance.randbytes(_MEGA))


def _registered(customer: Customer, place: Path) -> Vault:
    (subscription, *_more) = subscriptions_of(customer)
    return register_vault(
        customer, name="Serveur de fichiers", location=str(place), subscription_uid=subscription.uid
    )


# Restores


@contextmanager
def _agent() -> Iterator[KeyAgent]:
    """The process that holds a passphrase while it is needed, as in production."""
    socket = Path(current_app.config["DATA_DIR"]) / "past-agent.sock"
    configured = current_app.config["KEY_AGENT_SOCKET"]
    command = [*launcher(), sys.executable, "-m", "portal.engine.key_agent", "--socket", str(socket)]
    process = subprocess.Popen(command)  # noqa: S603 - our own program
    current_app.config["KEY_AGENT_SOCKET"] = str(socket)
    agent, end = KeyAgent(socket), time.monotonic() + 30
    try:
        while not agent.alive() and time.monotonic() < end:
            time.sleep(0.05)
        yield agent
    finally:
        current_app.config["KEY_AGENT_SOCKET"] = configured
        process.terminate()
        process.wait()
        socket.unlink(missing_ok=True)


def _type_passphrase(agent: KeyAgent, opening: VaultOpening | None) -> None:
    """The customer's part, behind the link of her mail."""
    assert opening is not None
    opening.consent(by=Signer("Service informatique"), address="127.0.0.1")
    agent.put(opening.uid, Passphrase(PASSPHRASE), opening.hours * 3600)
    jobs.enqueue("vault.open", f"{opening.uid}:{opening.tries}", opening.vault.customer.organisation)
    let_the_portal_work(duties=False)


def _ask_restore(stage: Stage, kind: RestoreKind, what: str) -> RestoreRequest | None:
    customer = stage.customers.get(_RESTORED)
    vault = next(iter(vaults_of(customer)), None) if customer is not None else None
    if vault is None:
        return None
    return open_request(
        vault,
        kind=kind,
        cause=Cause.LOST_BY_USER,
        what=what,
        lost_on=clock.today() - timedelta(days=2),
        by=stage.owner_of(vault.customer),
    )


def _fetch(request: RestoreRequest, by: User) -> None:
    """The first of her files, out of the vault that stands open."""
    inventory = Inventory(request.uid)
    (found, *_more) = inventory.search(_FILES[0].rpartition("/")[2])
    choice = choice_of(request.uid, inventory.mark, [f"e{found.id}"])
    request.pick(choice.picks, files=choice.files, size=choice.size, by=by)
    let_the_portal_work(duties=False)
    assert request.done_at is not None, request.problem


def _restore_one_file(stage: Stage) -> None:
    """One file, handed over the same day and billed by the grid. Source: 002-09, 002-12."""
    request = _ask_restore(stage, RestoreKind.SIMPLE, "Le devis 2026-014, écrasé hier")
    if request is None:
        return
    technician = stage.technician_of(request.customer)
    with _agent() as agent:
        _type_passphrase(agent, request.opening)
        _fetch(request, technician)
    request.check("Mme Bel", by=technician)
    settle(request, billed=True, price_cents=usual_cents(request) or 0, by=technician)


def _restore_by_quote(stage: Stage) -> None:
    """Several files: quoted, accepted, done and billed by the hour. Source: 002-10, 002-12."""
    request = _ask_restore(stage, RestoreKind.COMPLEX, "Le dossier Devis, perdu avec le serveur")
    if request is None or request.work is None:
        return
    technician, work = stage.technician_of(request.customer), request.work
    work.add_line(Item.LABOUR, 120, by=technician)
    send_quote(work, by=technician)
    let_the_portal_work(duties=False)
    work.accept(by=_SIGNER)
    work.plan(clock.now() + timedelta(hours=1), technician, by=technician)
    tell_customer(work, "desk/mail_planned.txt")
    _move_on(stage, work)
    with _agent() as agent:
        _type_passphrase(agent, request.opening)
        _fetch(request, technician)
    work.add_line(Item.LABOUR, 90, worked_on=clock.today(), by=technician)
    request.check("Mme Bel", by=technician)
    settle(request, billed=True, price_cents=0, by=technician)


def _move_on(stage: Stage, work: WorkOrder) -> None:
    planned: datetime = (work.planned_at or clock.now()).astimezone(clock.PARIS)
    stage.move(planned.date(), planned.hour, planned.minute)
