"""kill -9 while files pass: each leaves once and is booked once, whatever was fetched meanwhile."""

import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.bank_door.jobs import CARRY
from portal.bank_door.models import BankDoor, DoorFile, S
from portal.bank_door.opening import set_door
from portal.db import db
from portal.folders import Folder
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.sepa.models import Batch
from portal.sepa.models.bank import BankFile
from portal.wires.models import IncomingTransfer
from tests.builders import a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.sepa.people import the_entity
from tests.sepa.raw_bank_files import camt
from tests.sepa.test_batch_life import a_batch
from tests.vaulting import wait_for
from tests.wires.builders import wire

FILES, KILLS = 30, 3


@pytest.mark.slow
def test_a_killed_worker_lets_each_file_pass_once(an_installation: Installs, tmp_path: Path) -> None:
    chance, fetched = random.Random(7), Counter[str]()
    with an_installation(tmp_path) as place:
        place.app.config["BANK_DOOR_DIR"] = str(tmp_path / "bank")
        with place.context():
            _prepare()
        outbox = tmp_path / "bank" / "banque" / "outbox"
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
            sent = db.session.scalars(db.select(Batch)).one()
            assert (sent.state, fetched) == ("sent", {f"{sent.msg_id}.xml": 1})
            states = Counter(db.session.scalars(db.select(DoorFile.state)))
            assert states[S.READ] == FILES and sum(states.values()) == FILES + 1
            assert len(db.session.scalars(db.select(BankFile)).all()) == FILES
            assert len(db.session.scalars(db.select(IncomingTransfer)).all()) == FILES
        assert len(list((outbox.parent / "done").iterdir())) == FILES


def _prepare() -> None:
    """A released batch, and files in the inbox that have stood still for an hour."""
    house = a_house()
    batch = a_batch(house)
    batch.release(by=house.operator)
    door = set_door(the_entity(), "banque", is_open=True, by=SYSTEM)
    folder = Folder(door.folder)
    for number in range(FILES):
        text = camt(wire(1_000 + number, f"X{number}", reference=f"V{number}", on="2026-11-23"))
        (folder.inbox / f"{number:02}.xml").write_bytes(text.replace(b"M1", f"M{number}".encode()))
    db.session.add_all(_seen(door, each) for each in folder.lying())
    jobs.enqueue(CARRY, f"{door.uid}:1", db.session.get_one(Organisation, door.organisation_id))
    db.session.commit()


def _seen(door: BankDoor, each: object) -> DoorFile:
    values = {name: getattr(each, name) for name in ("name", "size_bytes", "changed_ns")}
    owner = db.session.get_one(Organisation, door.organisation_id)
    since = clock.now() - timedelta(hours=1)
    return DoorFile(organisation=owner, door_id=door.id, state=S.ARRIVING, seen_at=since, **values)


def _fetch(outbox: Path, fetched: Counter[str]) -> None:
    """As the bank's software does: take, and keep the count."""
    for each in outbox.iterdir():
        fetched[each.name] += 1
        each.unlink()


def _is_done(place: Installation) -> bool:
    with place.context():
        states = db.session.scalars(db.select(jobs.Task.state).where(jobs.Task.kind == CARRY))
        return set(states) == {TaskState.DONE}
