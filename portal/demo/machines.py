"""Machines that reported for a fortnight: most are well, some late, partial, failed, locked or silent."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from portal import clock
from portal.backups.health import Outcome, Trouble
from portal.backups.letters import choose_reports
from portal.backups.models import BackupRun, Machine, UsageSample
from portal.backups.receive import Report, receive_report
from portal.backups.watch import values_of
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import vaults_of
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey, issue_key, keys_of
from portal.licensing.seating import take_seat
from portal.subscriptions.models import subscriptions_of

DAYS, SAMPLES = 14, 60
NAMES = ("accueil", "compta", "atelier", "direction", "portable-1", "portable-2", "caisse", "serveur")
GIGA = 10**9
# How the last night went, for some of the machines in turn; the others are well.
ENDINGS: dict[int, dict[str, Any]] = {
    1: {"late": 75},
    4: {
        "outcome": Outcome.PARTIAL,
        "incidents": 2,
        "texts": (
            "Ouvert par un autre programme : Comptabilité/journal.mdb",
            "Accès refusé : Profils/ntuser.dat",
        ),
    },
    6: {"outcome": Outcome.FAILED, "incidents": 1, "texts": ("Plus de place sur le disque de cache",)},
    9: {"outcome": Outcome.FAILED, "trouble": Trouble.LOCKED},
    11: {"silent": True},
    14: {"late": 52},
    17: {"outcome": Outcome.FAILED, "trouble": Trouble.DAMAGED, "incidents": 1},
}


def fill_machines(customers: list[Customer]) -> None:
    """Machines for every key that was paid, and one of a contract whose change rate is limited."""
    chance = random.Random(11)  # noqa: S311 - invented data, the same every time
    position = 0
    for customer in customers:
        for key in keys_of(customer):
            for name in NAMES[: min(key.seats, 3)]:
                _live(_activate(key, name), ENDINGS.get(position, {}), chance)
                position += 1
    choose_reports(customers[0], True, by=SYSTEM)
    _outgrow(next(c for c in customers if _has_change_limit(c)))
    for customer in customers:
        _sample(customer, chance)


def _activate(key: ActivationKey, name: str) -> Machine:
    activation, _is_new = take_seat(key, f"demo-{key.uid}-{name}", name)
    query = select(Machine).where(Machine.activation_id == activation.id)
    machine = db.session.scalars(query).one()
    machine.created_at = clock.now() - timedelta(days=DAYS + 1)
    return machine


def _live(machine: Machine, ending: dict[str, Any], chance: random.Random) -> None:
    """A fortnight of good nights, then the ending."""
    if ending.get("silent"):
        return
    size, files = chance.randint(20, 400) * GIGA, chance.randint(8_000, 240_000)
    last = clock.now() - timedelta(hours=ending.get("late", 4), minutes=chance.randint(0, 300))
    reports = [_night(age, last, size, files, chance) for age in range(DAYS - 1, -1, -1)]
    owner = machine.customer.organisation
    rows = [
        BackupRun(
            organisation=owner,
            machine_id=machine.id,
            digest=one.digest,
            created_at=one.ended_at,
            **_columns(one),
        )
        for one in reports[:-1]
    ]
    db.session.execute(insert(BackupRun), [values_of(row) for row in rows])
    told = {name: value for name, value in ending.items() if name != "late"}
    receive_report(machine, Report(**(vars(reports[-1]) | told)))
    machine.new_token()


def _columns(report: Report) -> dict[str, Any]:
    return {name: value for name, value in vars(report).items() if name != "texts"}


def _night(age: int, last: datetime, size: int, files: int, chance: random.Random) -> Report:
    """One run, ``age`` days before the last one; what is stored grows a little every day."""
    ended = last - timedelta(days=age, minutes=chance.randint(-12, 12) if age else 0)
    grown = size * (1000 - 3 * age) // 1000
    return Report(
        run_id=f"nuit-{last - timedelta(days=age):%Y%m%d}",
        ended_at=ended,
        started_at=ended - timedelta(minutes=chance.randint(6, 55)),
        outcome=Outcome.OK,
        trouble=Trouble.NONE,
        source_bytes=grown,
        added_bytes=grown * chance.randint(1, 9) // 1000,
        files_new=chance.randint(5, 90),
        files_changed=chance.randint(20, 400),
        files_total=files - 40 * age,
        incidents=0,
        texts=(),
        snapshot_id="",
        client_version="agent 3.2.1",
    )


def _has_change_limit(customer: Customer) -> bool:
    return any(
        one.present_terms.find("backup.change_rate_basis_points") for one in subscriptions_of(customer)
    )


def _outgrow(customer: Customer) -> None:
    """A server whose last night changed far more than its contract was sized for."""
    subscription = next(iter(subscriptions_of(customer)))
    key = issue_key(
        customer,
        product=subscription.product_name,
        product_code=4,
        seats=1,
        source_uid=subscription.order_uid,
        valid_through=clock.today() + timedelta(days=3 * 365),
        by=SYSTEM,
    )
    db.session.flush()
    _live(
        _activate(key, "serveur-fichiers"),
        {"added_bytes": 62 * GIGA, "files_changed": 31_000},
        random.Random(5),  # noqa: S311 - invented data, the same every time
    )


def _sample(customer: Customer, chance: random.Random) -> None:
    """Two months of volumes that lead to what was measured today."""
    today = clock.today()
    for vault in vaults_of(customer):
        now = vault.bytes_stored or 0
        days = [(age, now * (1000 - 7 * age - chance.randint(0, 5)) // 1000) for age in range(SAMPLES, 0, -1)]
        rows = [
            UsageSample(
                organisation=customer.organisation,
                vault_id=vault.id,
                bytes_stored=stored,
                sampled_on=today - timedelta(days=age),
            )
            for age, stored in days
        ]
        db.session.add_all(rows)
