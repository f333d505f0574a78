"""The rows that a run wrote for its first customers, inserted once more by plain statements.

They go into a copy of the database from before the run, table by table, the rows of ``TOGETHER`` customers
in one transaction: the least that writing them can cost. ``-m bench.billing_floor COPY FIRST LAST SOME``
"""

import json
import sys
import time
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, insert, select, text

from app import create_app
from portal.connections import prepare_engine
from portal.db import db

TOGETHER = 200
TABLES = (
    "document",
    "paper",
    "invoice",
    "invoice_line",
    "charge",
    "collection",
    "mail",
    "task",
    "journal_entry",
)  # as their references ask


def new_rows(connection: Connection, table: Table, first: int, last: int, before: int) -> Any:
    own = table.c.organisation_id.between(first, last)
    return connection.execute(select(table).where(own, table.c.id > before).order_by(table.c.organisation_id))


def everything(engine: Engine) -> Engine:
    """Row-level security shows a plain connection everything too."""

    @event.listens_for(engine, "begin")
    def see(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select set_config('app.scope', '/', true)"))

    return engine


def main(copy: str, first: int, last: int, some: int) -> dict[str, float]:
    source, target = everything(db.engine), everything(create_engine(copy))
    prepare_engine(target)
    tables = [db.metadata.tables[name] for name in TABLES]
    with target.connect() as connection:
        before = {t.name: connection.scalar(select(func.max(t.c.id))) or 0 for t in tables}
    with source.connect() as connection:
        total = sum(
            connection.scalar(
                select(func.count()).where(t.c.organisation_id.between(first, last), t.c.id > before[t.name])
            )
            or 0
            for t in tables
        )
        rows = {
            t.name: [
                dict(row._mapping) for row in new_rows(connection, t, first, first + some - 1, before[t.name])
            ]
            for t in tables
        }
    portions = [
        [(t, [row for row in rows[t.name] if at <= row["organisation_id"] < at + TOGETHER]) for t in tables]
        for at in range(first, first + some, TOGETHER)
    ]
    started = time.perf_counter()
    for portion in portions:
        with target.begin() as connection:
            for table, values in portion:
                if values:
                    connection.execute(insert(table), values)
    seconds = time.perf_counter() - started
    return {"rows": total, "bare_rows_per_s": round(sum(map(len, rows.values())) / seconds)}


with create_app().app_context():
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:5]))))
