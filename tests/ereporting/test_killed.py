"""kill -9 while reports are frozen: one report of each period, whole."""

import random
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from portal import clock, jobs
from portal.billing.run import bill_customers
from portal.customers.models import CustomerKind
from portal.db import db
from portal.ereporting.jobs import look
from portal.ereporting.making import periods_of
from portal.ereporting.models import EReport, EReportLine, EReportRegime
from portal.ereporting.rules import FREEZE_AFTER, ReportKind
from portal.jobs import TaskState
from portal.resellers.models import LegalEntity
from tests.billing.test_einvoices import owes, the_entity
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.vaulting import wait_for

SALES, KILLS = 30, 3


@pytest.mark.slow
def test_a_killed_worker_freezes_one_report_of_each_period(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, now = random.Random(3), clock.now()
    with an_installation(tmp_path) as place:
        with monkeypatch.context() as past, place.context():
            past.setattr(clock, "now", lambda: now - timedelta(days=40))
            _sell()
        with place.context():
            look()
            db.session.commit()
        for _number in range(KILLS):
            crew = a_crew(place.app)
            try:
                time.sleep(0.5 + chance.uniform(0, 0.5))
            finally:
                kill(crew)
        crew = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(crew)
        with place.context():
            _check(the_entity())


def _sell() -> None:
    """Sales of today to consumers, in an entity that reports since the beginning of last month."""
    house, entity = a_house(), the_entity()
    first = (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    db.session.add(
        EReportRegime(
            organisation=entity.organisation,
            legal_entity_id=entity.id,
            valid_from=first,
            regime="real_monthly",
            confirmed="Cabinet Durand",
            entered_by="finance",
        )
    )
    some = [
        a_customer(house.reseller, name=f"Camille {number}", kind=CustomerKind.CONSUMER, siren=None)
        for number in range(SALES)
    ]
    for number, customer in enumerate(some):
        owes(customer, f"o{number}")
    bill_customers(some, entity, clock.today())
    db.session.commit()


def _check(entity: LegalEntity) -> None:
    for kind in ReportKind:
        ripe = clock.today() - FREEZE_AFTER
        wanted = [each.first for _name, each in periods_of(entity, kind, ripe) if each.last < ripe]
        found = Counter[date](db.session.scalars(db.select(EReport.first_on).where(EReport.kind == kind)))
        assert wanted and set(wanted) <= set(found) and set(found.values()) == {1}
    numbers = sorted(int(each[-6:]) for each in db.session.scalars(db.select(EReport.number)))
    assert numbers == list(range(1, len(numbers) + 1))
    lines = db.session.scalars(db.select(EReportLine)).all()
    assert len(lines) == len({line.report_id for line in lines}) * SALES == SALES


def _is_done(place: Installation) -> bool:
    with place.context():
        kinds = jobs.Task.kind.startswith("ereporting.")
        return set(db.session.scalars(db.select(jobs.Task.state).where(kinds))) == {TaskState.DONE}
