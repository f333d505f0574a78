"""``insert … select`` for the rows of a measurement, the same on both engines."""

from typing import Any

from sqlalchemy import text

from portal.db import db

CHUNK = 5_000  # rows that Python itself writes at once


class Writer:
    """``insert … select`` over the numbers 1 to ``count``; the engines spell few words apart."""

    def __init__(self, count: int) -> None:
        self.postgres = db.session.connection().dialect.name == "postgresql"
        self.count = count
        run("create temporary table seq (n integer primary key)")
        run(
            "insert into seq with recursive s(n) as (select 1 union all select n + 1 from s where n < :c) "
            "select n from s",
            c=4 * count,
        )

    def uid(self, letter: str, number: str = "n") -> str:
        if self.postgres:
            return f"'{letter}' || lpad(({number})::text, 15, '0')"
        return f"printf('{letter}%015d', {number})"

    def day(self, offset: str) -> str:
        return f"(current_date + ({offset}))" if self.postgres else f"date('now', ({offset}) || ' days')"

    def instant(self, hours: str) -> str:
        if self.postgres:
            return f"(now() + ({hours}) * interval '1 hour')"
        return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({hours}) || ' hours')"

    def write(self, table: str, times: int, letter: str, **values: str) -> None:
        """``c`` is the customer of row ``n``; ``times`` rows for each."""
        own = {"id": "n", "uid": self.uid(letter), "created_at": self.instant("-n % 5000")}
        own |= {"org_path": "c.org_path", "organisation_id": "c.organisation_id"} | values
        run(
            f"insert into {table} ({', '.join(own)}) select {', '.join(own.values())} "
            f"from seq join customer c on c.id = (seq.n - 1) / {times} + 1 where seq.n <= :c",
            c=times * self.count,
        )


def run(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


def pick(words: tuple[str, ...], number: str) -> str:
    cases = " ".join(f"when {at} then '{word}'" for at, word in enumerate(words))
    return f"(case ({number}) % {len(words)} {cases} end)"
