"""Machines of the past: they take a seat of a key once it is paid, and report every night."""

import random
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.backups.health import Outcome, Trouble
from portal.backups.models import Machine
from portal.backups.receive import Report, receive_report
from portal.db import commits, db
from portal.demo.past.stage import Stage
from portal.licensing.models import ActivationKey, LicenseRefused, keys_of
from portal.licensing.seating import take_seat

_NAMES = ("accueil", "compta", "serveur", "atelier")
_MOST = 3  # machines of one customer
_GIGA = 10**9
_BAD_NIGHT = 25  # one in so many


@commits
def report_all(stage: Stage) -> None:
    """What each machine tells this morning of its last night; new keys get their machines first."""
    for serial, customer in stage.customers.items():
        for key in keys_of(customer):
            for name in _NAMES[: min(key.seats, _MOST)]:
                with suppress(LicenseRefused):  # a key that has ended: its machine is told so
                    _report(_machine(key, name), serial)
    db.session.commit()


def _machine(key: ActivationKey, name: str) -> Machine:
    activation, _is_new = take_seat(key, f"past-{key.uid}-{name}", name)
    db.session.flush()
    return db.session.scalars(select(Machine).where(Machine.activation_id == activation.id)).one()


def _report(machine: Machine, serial: int) -> None:
    """The run of last night; the source grows a little every day since the machine came."""
    now = clock.now()
    chance = random.Random(f"{serial} {machine.name} {now:%Y%m%d}")  # noqa: S311 - invented, always the same
    age = (now - machine.created_at).days
    size = (20 + serial % 7 * 15) * _GIGA * (1000 + 2 * age) // 1000
    went_wrong = age > 5 and chance.randrange(_BAD_NIGHT) == 0
    ended = now - timedelta(hours=3, minutes=chance.randint(0, 90))
    receive_report(
        machine,
        Report(
            run_id=f"nuit-{now:%Y%m%d}",
            started_at=ended - timedelta(minutes=chance.randint(6, 55)),
            ended_at=ended,
            outcome=Outcome.PARTIAL if went_wrong else Outcome.OK,
            trouble=Trouble.NONE,
            source_bytes=size,
            added_bytes=size * chance.randint(1, 6) // 1000,
            files_new=chance.randint(5, 90),
            files_changed=chance.randint(20, 400),
            files_total=40_000 + 30 * age,
            incidents=1 if went_wrong else 0,
            texts=("Ouvert par un autre programme : Comptabilité/journal.mdb",) if went_wrong else (),
            snapshot_id="",
            client_version="agent 3.2.1",
        ),
    )
