"""kill -9 while a breach is told, or while a day erases: everything is done in the end, each thing once."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock
from portal.backups.models import BackupRun
from portal.backups.receive import receive_report
from portal.customers.models import Customer
from portal.db import db, new_uid
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.privacy.choosing import Through, add_customers
from portal.privacy.expiring import EXPIRE, Expired, ask_to_expire
from portal.privacy.models import BreachNotice, open_breach
from portal.privacy.telling import TELL, notify
from tests.backups.reporting import a_report, a_watched_machine
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.privacy.builders import WRITTEN
from tests.vaulting import wait_for

CUSTOMERS, KILLS = 12, 2


@pytest.mark.slow
def test_a_killed_worker_tells_every_customer_of_a_breach_once(
    an_installation: Installs, tmp_path: Path
) -> None:
    chance = random.Random(11)
    with an_installation(tmp_path) as place:
        with place.context():
            _told_to_all()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.1))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(worker)
        with place.context():
            wanted = sorted(db.session.scalars(db.select(Customer.id)))
            assert sorted(db.session.scalars(db.select(BreachNotice.customer_id))) == wanted
            mails = db.select(Mail.organisation_id).where(Mail.kind == "privacy/mail_breach")
            told = list(db.session.scalars(mails))
            assert len(told) == len(set(told)) == CUSTOMERS


REPORTS = 900


@pytest.mark.slow
def test_a_killed_worker_erases_and_counts_every_old_report_once(
    an_installation: Installs, tmp_path: Path
) -> None:
    with an_installation(tmp_path) as place:
        with place.context():
            _old_reports()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before, EXPIRE))
                time.sleep(0.05)
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _claims(place, EXPIRE)[1] and _nothing_left(place))
        finally:
            kill(worker)
        with place.context():
            counts = db.select(Expired.count).where(Expired.kind == "machine_report")
            assert sum(db.session.scalars(counts)) == REPORTS


def _nothing_left(place: Installation) -> bool:
    with place.context():
        return db.session.scalar(db.select(BackupRun.id)) is None


def _old_reports() -> None:
    machine, _token = a_watched_machine(a_house())
    first, _is_new = receive_report(machine, a_report())
    first.created_at = clock.now() - timedelta(days=6 * 366)
    db.session.flush()
    told = {column.key: getattr(first, column.key) for column in BackupRun.__mapper__.column_attrs}
    del told["id"]
    runs = [{**told, "uid": new_uid(), "run_id": f"run-{number}"} for number in range(2, REPORTS + 1)]
    db.session.execute(db.insert(BackupRun), runs)
    ask_to_expire()
    db.session.commit()


def _told_to_all() -> None:
    house = a_house()
    for number in range(CUSTOMERS):
        a_customer(house.reseller, name=f"Client {number}", siren=None)
    db.session.commit()
    row = open_breach(house.provider, "S12", clock.now(), by=SYSTEM)
    row.write(WRITTEN, by=SYSTEM)
    add_customers(row, Through.HOUSE, house.reseller.name, by=house.operator)
    notify(row, by=SYSTEM)
    db.session.commit()


def _is_done(place: Installation) -> bool:
    return _claims(place)[1]


def _claims(place: Installation, kind: str = TELL) -> tuple[int, bool]:
    """How often the task was taken, and whether it is over."""
    with place.context():
        task = db.session.scalars(db.select(Task).where(Task.kind == kind).order_by(Task.id)).first()
        assert task is not None
        return task.claims, task.state == TaskState.DONE


def _has_begun(place: Installation, before: int, kind: str = TELL) -> bool:
    """Somebody has taken the task once more than ``before`` times, or it is over already."""
    claims, is_done = _claims(place, kind)
    return claims > before or is_done
