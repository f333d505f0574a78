"""Machines that activated before there was a wall are on it after the migration."""

from datetime import date
from pathlib import Path

from flask_migrate import downgrade, upgrade

from portal.backups.health import Health
from portal.backups.models import Machine
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import issue_key
from portal.licensing.seating import take_seat
from tests.builders import a_customer, a_house
from tests.installation import Installs


def test_machines_that_activated_before_are_watched_after(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place, place.context():
        key = issue_key(
            a_customer(a_house().reseller),
            product="x",
            product_code=3,
            seats=2,
            source_uid="o",
            by=SYSTEM,
            valid_through=date(2027, 11, 22),
        )
        db.session.flush()
        activated = [take_seat(key, "0123456789abcdef", "")[0].uid, take_seat(key, "m2", "Compta")[0].uid]
        db.session.commit()
        db.session.remove()
        downgrade(revision="g01")
        upgrade()
        set_scope(EVERYTHING)
        machines = db.session.scalars(db.select(Machine).order_by(Machine.id)).all()
        assert [machine.name for machine in machines] == ["0123456789ab", "Compta"]
        assert [machine.uid for machine in machines] == activated
        assert {machine.health for machine in machines} == {Health.UNKNOWN}
        assert [machine.name_folded for machine in machines] == ["0123456789ab", "compta"]
