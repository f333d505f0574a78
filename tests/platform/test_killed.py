"""kill -9 while documents leave: the platform has each once, under one identifier."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from portal import jobs
from portal.accounts.models import Organisation
from portal.billing.einvoice_models import EInvoiceRecord
from portal.billing.einvoice_records import issue_from
from portal.billing.run import start_run
from portal.clock import today
from portal.db import db
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.platform.choosing import Choice, choose
from portal.platform.jobs import CARRY
from portal.platform.models import PlatformMessage, Way
from tests.billing.test_einvoices import owes, the_entity
from tests.builders import SIRENS, a_customer, a_house, work
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.vaulting import wait_for

KILLS = 3


@pytest.mark.slow
def test_a_killed_worker_lets_each_document_leave_once(an_installation: Installs, tmp_path: Path) -> None:
    chance, fetched = random.Random(5), Counter[str]()
    outbox = tmp_path / "platform" / "pa" / "outbox"
    with an_installation(tmp_path) as place:
        place.app.config["PLATFORM_DIR"] = str(tmp_path / "platform")
        with place.context():
            documents = _prepare()
        for _number in range(KILLS):
            crew = a_crew(place.app)
            try:
                time.sleep(1 + chance.uniform(0, 0.6))
            finally:
                kill(crew)
            _fetch(outbox, fetched)
        crew = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(crew)
        _fetch(outbox, fetched)
        with place.context():
            rows = db.session.scalars(db.select(PlatformMessage)).all()
            assert {row.state for row in rows} == {"message_sent"}
            assert fetched == {f"{row.identifier}.json": 1 for row in rows} and len(rows) == documents


def _prepare() -> int:
    """E-invoices of today, and a platform that is reached by a folder."""
    house, entity = a_house(), the_entity()
    issue_from(entity, today(), by=SYSTEM)
    for number, siren in enumerate(SIRENS):
        owes(a_customer(house.reseller, name=f"Client {number}", siren=siren), f"o{number}")
    db.session.commit()
    start_run(entity, f"{today():%Y-%m}", by=SYSTEM)
    work()
    choose(entity, Choice(Way.FOLDER, today(), folder="pa"), by=SYSTEM)
    platform_owner = db.session.get_one(Organisation, entity.organisation_id)
    uid = db.session.execute(db.text("select uid from platform")).scalar_one()
    jobs.enqueue(CARRY, f"{uid}:1", platform_owner)
    db.session.commit()
    return len(db.session.scalars(db.select(EInvoiceRecord)).all())


def _fetch(outbox: Path, fetched: Counter[str]) -> None:
    """As the platform's software does: take, and keep the count."""
    for each in outbox.iterdir():
        fetched[each.name] += 1
        each.unlink()


def _is_done(place: Installation) -> bool:
    with place.context():
        states = db.session.scalars(db.select(jobs.Task.state).where(jobs.Task.kind == CARRY))
        return set(states) == {TaskState.DONE}
