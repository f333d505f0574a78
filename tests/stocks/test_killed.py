"""kill -9 while keys are issued, and two deliveries at once: no gap, no double, no half."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM, JournalEntry
from portal.licensing import drawing
from portal.licensing.lots import KeyLot, LotState
from portal.licensing.models import ActivationKey
from portal.licensing.pools import KeyPool, PoolKey, PoolState
from portal.licensing.stock import StockKey
from portal.subscriptions import key_lots
from portal.subscriptions.key_lots import split_keys, stock_up
from portal.subscriptions.models import Order
from portal.subscriptions.pool_waits import PoolWait
from tests.builders import a_house
from tests.forked import a_crew, forked
from tests.installation import Installation, Installs, kill
from tests.stocks.builders import an_order, paid
from tests.subscriptions.builders import a_product
from tests.vaulting import wait_for

STEPS, KILLS = 12, 3


@pytest.mark.slow
@pytest.mark.parametrize("of", ["stock", "contract"])
def test_a_killed_worker_leaves_no_gap_and_no_double(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    monkeypatch.setattr(key_lots, "TOGETHER", 20)  # many small steps: a kill falls between any two lines
    chance, wanted = random.Random(3), STEPS * 20 + 7
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            product = a_product(house)
            if of == "stock":
                stock_up(house.reseller, product, wanted, 2, by=SYSTEM)
            else:
                split_keys(paid(an_order(house, product, wanted + 10)), wanted, 1, by=SYSTEM)
            db.session.commit()
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
            _check(wanted, of)


def _check(wanted: int, of: str) -> None:
    kind = StockKey if of == "stock" else ActivationKey
    made = db.session.scalars(db.select(kind)).all()
    if of == "stock":
        assert sorted(row.place for row in made) == list(range(1, wanted + 1))
    else:
        own = [row for row in made if not row.origin]
        assert [row.seats for row in own] == [10], "the sum is what is paid"
        made = [row for row in made if row.origin]
    assert len(made) == len({row.code for row in made}) == wanted
    told = db.select(JournalEntry.subject_uid).where(
        JournalEntry.subject_kind == kind.__tablename__, JournalEntry.what == "issue"
    )
    assert set(db.session.scalars(told)) >= {row.uid for row in made}
    lot = db.session.scalars(db.select(KeyLot)).one()
    assert (lot.state, lot.issued) == (LotState.DONE, wanted)
    assert drawing.TOGETHER == 500


def _has_begun(place: Installation, before: int) -> bool:
    with place.context():
        task = db.session.scalars(db.select(Task).where(Task.kind == key_lots.JOB)).one()
        return task.claims > before or task.state == TaskState.DONE


def _is_done(place: Installation) -> bool:
    with place.context():
        return db.session.scalars(db.select(KeyLot.state)).one() != LotState.WORKING


@pytest.mark.slow
def test_two_deliveries_at_once_never_get_the_same_key(an_installation: Installs, tmp_path: Path) -> None:
    """Ten orders of two keys are paid by two processes at once; the pool has fifteen keys."""
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            product = a_product(house)
            pool = KeyPool(organisation=house.provider, product_id=product.id, least=0)
            db.session.add(pool)
            db.session.flush()
            for number in range(15):
                row = PoolKey(organisation=house.provider, pool_id=pool.id, state=PoolState.FREE)
                row.code = f"K-{number:02d}"
                db.session.add(row)
            db.session.commit()
            uids = [an_order(house, product, 2, name=f"Client {n}", siren=None).uid for n in range(10)]
        halves = [forked(place.app, _pays(place, uids[at::2])) for at in range(2)]
        assert [half.wait() for half in halves] == [0, 0]
        with place.context():
            given = db.session.scalars(db.select(ActivationKey)).all()
            assert len(given) == len({key.code for key in given}) == 14
            waits = db.session.scalars(db.select(PoolWait)).all()
            by_order = {uid: sum(key.source_uid == uid for key in given) for uid in uids}
            assert sorted(by_order.values()) == [0] * 3 + [2] * 7, "all of its keys, or none"
            assert {wait.order.uid for wait in waits} == {uid for uid, count in by_order.items() if not count}


def _pays(place: Installation, uids: list[str]) -> Callable[[], None]:
    def act() -> None:
        with place.app.app_context():
            for uid in uids:
                set_scope(EVERYTHING)
                paid(db.session.scalars(db.select(Order).where(Order.uid == uid)).one())

    return act


def test_a_step_that_dies_before_its_commit_leaves_nothing(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the keys are written and before the transaction ends."""
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            stock_up(house.reseller, a_product(house), 30, 1, by=SYSTEM)
            db.session.commit()
        monkeypatch.setattr(key_lots, "TOGETHER", 10)
        real = key_lots._issue

        def dies(lot: KeyLot, count: int) -> None:
            real(lot, count)
            if lot.issued == 10:
                os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(key_lots, "_issue", dies)
        process = forked(place.app, lambda: _works(place))
        assert process.wait() == -signal.SIGKILL
        with place.context():
            places = list(db.session.scalars(db.select(StockKey.place).order_by(StockKey.place)))
            assert places == list(range(1, 11))
            assert db.session.scalars(db.select(KeyLot.issued)).one() == 10


def _works(place: Installation) -> None:

    with place.app.app_context():
        jobs.drain()
