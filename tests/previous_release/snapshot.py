"""The database of the release before, as a file that both engines can be filled from.

Written once a release, from a data folder with the demonstration on SQLite and some life in it:
``python -m tests.previous_release.snapshot DATA_DIR``. Its keys, which are those of a demonstration, lie
beside it, because half of the columns are sealed.
"""

import base64
import gzip
import json
import shutil
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

HERE = Path(__file__).resolve().parent
ROWS, KEYS = HERE / "database.json.gz", HERE / "keys.json"


def write(data: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{data / 'portal.db'}")
    tables = sa.MetaData()
    tables.reflect(engine)
    kept = {}
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            kept[table.name] = {
                "columns": [column.name for column in table.columns],
                "rows": [[_plain(value) for value in row] for row in rows],
            }
    raw = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    ROWS.write_bytes(gzip.compress(raw, 9, mtime=0))
    shutil.copy(data / "keys.json", KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal) else value


def read() -> dict[str, Any]:
    """Tables, each with its columns and rows."""
    kept: dict[str, Any] = json.loads(gzip.decompress(ROWS.read_bytes()))
    return kept


def fill(connection: sa.Connection) -> dict[str, int]:
    """Insert every row into empty tables, as the release before does; says how many each table has."""
    tables = sa.MetaData()
    tables.reflect(connection)
    kept = read()
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        connection.execute(sa.text("select set_config('app.scope', '/', true)"))
    for table in tables.sorted_tables:
        rows = kept.get(table.name, {}).get("rows", [])
        if not rows or table.name == "alembic_version":
            continue
        columns = [table.columns[name] for name in kept[table.name]["columns"]]
        values = [
            {column.name: _typed(column, value) for column, value in zip(columns, row, strict=True)}
            for row in rows
        ]
        connection.execute(table.insert(), values)
        if is_postgresql and "id" in table.columns:
            series = f"pg_get_serial_sequence('{table.name}', 'id')"
            connection.execute(sa.text(f"select setval({series}, (select max(id) from {table.name}))"))
    return {name: len(table["rows"]) for name, table in kept.items()}


def _typed(column: "sa.Column[Any]", value: Any) -> Any:
    match column.type:
        case _ if value is None:
            return None
        case sa.DateTime():
            at = datetime.fromisoformat(value)
            return at.replace(tzinfo=UTC) if column.type.timezone else at
        case sa.Date():
            return date.fromisoformat(value)
        case sa.Boolean():
            return bool(value)
        case sa.LargeBinary():
            return base64.b64decode(value)
        case sa.JSON():
            return value
    return value


if __name__ == "__main__":
    write(Path(sys.argv[1]))
