"""Lots of keys issued by the worker's own job, and their rows inserted once more by plain statements.

The plain ones go into a copy of the database from before, in transactions of as many keys: the least that
writing them can cost. ``-m bench.activation_issue seed KEYS ROUNDS``, then ``-m … run COPY``.
"""

import json
import sys
import time
from statistics import median

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text

from app import create_app
from portal import jobs
from portal.connections import prepare_engine
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, JournalEntry
from portal.licensing.drawing import TOGETHER
from portal.licensing.lots import KeyLot
from portal.licensing.stock import StockKey
from portal.subscriptions.key_lots import stock_up
from tests.builders import a_house
from tests.subscriptions.builders import a_product


def everything(engine: Engine) -> Engine:
    """Row-level security shows a plain connection everything too."""

    @event.listens_for(engine, "begin")
    def see(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select set_config('app.scope', '/', true)"))

    return engine


def seed(keys: int, rounds: int) -> dict[str, int]:
    """Ask for a small lot, which warms everything up, and for one a round."""
    set_scope(EVERYTHING)
    house = a_house()
    product = a_product(house)
    for number in (TOGETHER, *[keys] * rounds):
        stock_up(house.reseller, product, number, 1, by=SYSTEM)
    db.session.commit()
    return {"keys": keys}


def issue() -> float:
    """Seconds of one lot."""
    started = time.perf_counter()
    if jobs.run_one([jobs.Lane.RUNS]) is None:
        raise RuntimeError("no lot is asked for")
    return time.perf_counter() - started


def floor(target: Engine, lot_id: int) -> float:
    """Seconds of the plain inserts of the rows that a lot has made."""
    keys = db.metadata.tables[StockKey.__tablename__]
    lines = db.metadata.tables[JournalEntry.__tablename__]
    with db.engine.connect() as source:
        own = source.execute(select(keys).where(keys.c.lot_id == lot_id).order_by(keys.c.id))
        rows = [dict(row._mapping) for row in own]
        query = select(lines).join(keys, keys.c.uid == lines.c.subject_uid).where(keys.c.lot_id == lot_id)
        told = {row.subject_uid: dict(row._mapping) for row in source.execute(query)}
    portions = [rows[at : at + TOGETHER] for at in range(0, len(rows), TOGETHER)]
    started = time.perf_counter()
    for portion in portions:
        with target.begin() as connection:
            connection.execute(insert(keys), portion)
            connection.execute(insert(lines), [told[row["uid"]] for row in portion])
    return time.perf_counter() - started


def run(copy: str) -> dict[str, float]:
    set_scope(EVERYTHING)
    lots = list(db.session.scalars(db.select(KeyLot.id).order_by(KeyLot.id)))
    number = db.session.scalars(db.select(KeyLot.number).order_by(KeyLot.id.desc())).first() or 0
    db.session.rollback()
    target = everything(create_engine(copy))
    prepare_engine(target)
    everything(db.engine)
    issued, plain = [], []
    for lot_id in lots:
        issued.append(issue())
        plain.append(floor(target, lot_id))
    issued, plain = issued[1:], plain[1:]
    return {
        "issue_ratio": round(median(bare / own for bare, own in zip(plain, issued, strict=True)), 2),
        "keys_per_s": round(number / median(issued)),
        "bare_keys_per_s": round(number / median(plain)),
    }


if __name__ == "__main__":
    with create_app().app_context():
        words = sys.argv[2:]
        print(json.dumps(seed(*map(int, words)) if sys.argv[1] == "seed" else run(*words)))
