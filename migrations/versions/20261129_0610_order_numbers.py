"""Orders have numbers of their own; those that are there get theirs in the order of their days."""

import re
import secrets
from base64 import b32encode
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "20261129_0610"
down_revision = "20261129_0604"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_PREFIX = "CMD"


def upgrade() -> None:
    # The release before goes on writing for a while: it knows no number, and its orders get theirs from a task.
    op.add_column("customer_order", sa.Column("number", sa.String(35), nullable=False, server_default=""))
    last = _number_orders()
    _open_series(last)
    op.create_index(
        "uq_customer_order_number",
        "customer_order",
        ["legal_entity_id", "number"],
        unique=True,
        postgresql_where=sa.text("number <> ''"),
        sqlite_where=sa.text("number <> ''"),
    )


def _number_orders() -> dict[tuple[int, int], int]:
    """The highest number by issuer and year."""
    bind, last, after = op.get_bind(), defaultdict[tuple[int, int], int](int), 0
    chunk = sa.text(
        "SELECT id, org_path, legal_entity_id, ordered_on FROM customer_order WHERE id > :after ORDER BY id LIMIT :most"
    )
    change = sa.text("UPDATE customer_order SET number = :number WHERE id = :id")
    names = ("kind", "word", "subject_id", "above", "org_path")
    keys = sa.table("search_key", *map(sa.column, names))
    while rows := bind.execute(chunk, {"after": after, "most": _AT_ONCE}).all():
        found, numbers = [], []
        for row in rows:
            year = int(str(row.ordered_on)[:4])
            last[row.legal_entity_id, year] += 1
            number = f"{_PREFIX}-{year}-{last[row.legal_entity_id, year]:06d}"
            numbers.append({"id": row.id, "number": number})
            sign, above = re.sub(r"[^a-z0-9]", "", number.lower()), _above(row.org_path)
            found += [
                dict(zip(names, ("customer_order", word, row.id, above, row.org_path), strict=True))
                for word in (sign, "<" + sign[::-1])
            ]
        bind.execute(change, numbers)
        op.bulk_insert(keys, found)
        after = rows[-1].id
    return last


def _above(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]


def _open_series(last: dict[tuple[int, int], int]) -> None:
    bind = op.get_bind()
    open_one = sa.text(
        "INSERT INTO number_series (uid, created_at, organisation_id, org_path, legal_entity_id, prefix, year, last,"
        " taken_over, head) SELECT :uid, legal_entity.created_at, organisation_id, org_path, id, :prefix, :year, :last,"
        " 0, '' FROM legal_entity WHERE id = :entity"
    )
    for (entity, year), number in last.items():
        uid = b32encode(secrets.token_bytes(10)).decode().lower()
        values = {"uid": uid, "prefix": _PREFIX, "year": year, "last": number, "entity": entity}
        bind.execute(open_one, values)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM search_key WHERE kind = 'customer_order'"))
    op.execute(sa.text(f"DELETE FROM number_series WHERE prefix = '{_PREFIX}'"))
    op.drop_index("uq_customer_order_number", "customer_order")
    op.drop_column("customer_order", "number")
