"""kill -9 while files of the directory are read: each counts once, each line is there once."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.eaddresses.choosing import Choice, choose
from portal.eaddresses.jobs import CARRY
from portal.eaddresses.models import EAddress, EAddressFile, EAddressLine, F, Way
from portal.folders import Folder
from portal.jobs import TaskState
from portal.journal import SYSTEM
from tests.builders import SIRENS, a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.sepa.people import the_entity
from tests.vaulting import wait_for

FILES, KILLS = 40, 3


@pytest.mark.slow
def test_a_killed_worker_reads_each_file_once(an_installation: Installs, tmp_path: Path) -> None:
    chance = random.Random(11)
    with an_installation(tmp_path) as place:
        place.app.config["EADDRESS_DIR"] = str(tmp_path / "directory")
        with place.context():
            _prepare()
        for _number in range(KILLS):
            crew = a_crew(place.app)
            try:
                time.sleep(0.8 + chance.uniform(0, 0.5))
            finally:
                kill(crew)
        crew = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(crew)
        with place.context():
            files = db.session.scalars(db.select(EAddressFile)).all()
            assert {row.state for row in files} == {F.READ} and len(files) == FILES
            lines = db.session.scalars(db.select(EAddressLine)).all()
            siren = SIRENS[0]
            assert sorted(row.address for row in lines) == sorted(f"{siren}_{each}" for each in range(FILES))
            assert len([row for row in lines if row.gone_at is None]) == 1, (
                "the last file says which one is left"
            )
            assert len(db.session.scalars(db.select(EAddress)).all()) == 1
        assert len(list((tmp_path / "directory" / "annuaire" / "done").iterdir())) == FILES


def _prepare() -> None:
    """Files in the inbox that have stood still for an hour."""
    house, entity = a_house(), the_entity()
    a_customer(house.reseller, siren=SIRENS[0])
    directory = choose(entity, Choice(Way.FILES, folder="annuaire"), by=SYSTEM)
    folder, owner = (
        Folder("annuaire", root="EADDRESS_DIR"),
        db.session.get_one(Organisation, entity.organisation_id),
    )
    for number in range(FILES):
        (folder.inbox / f"{number:02}.csv").write_text(f"siren;address\n{SIRENS[0]};{SIRENS[0]}_{number}\n")
    for each in folder.lying():
        row = EAddressFile(organisation=owner, directory_id=directory.id, state=F.ARRIVING, name=each.name)
        row.size_bytes, row.changed_ns = each.size_bytes, each.changed_ns
        row.seen_at = clock.now() - timedelta(hours=1)
        db.session.add(row)
    jobs.enqueue(CARRY, f"{directory.uid}:1", owner)
    db.session.commit()


def _is_done(place: Installation) -> bool:
    with place.context():
        states = db.session.scalars(db.select(jobs.Task.state).where(jobs.Task.kind == CARRY))
        return set(states) == {TaskState.DONE}
