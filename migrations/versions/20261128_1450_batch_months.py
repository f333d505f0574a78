"""each batch keeps how many of its debits are due in a month; what came back is read in an index"""

from collections import Counter

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect
from portal.db import new_uid

revision = "20261128_1450"
down_revision = "20261128_1200"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_BACK = sa.text("return_reason IS NOT NULL")
# Batches in the making have no months yet; the debits of a cancelled one have left it.
_DAYS = """
SELECT b.id, b.created_at, b.org_path, b.organisation_id, c.due_on, count(*) AS debits
FROM batch b JOIN collection c ON c.batch_id = b.id
WHERE b.state NOT IN ('making', 'giving_back', 'cancelled')
GROUP BY b.id, b.created_at, b.org_path, b.organisation_id, c.due_on
"""


def upgrade() -> None:
    op.create_table(
        "batch_month",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_month_batch_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_batch_month_organisation_id")
        ),
        sa.UniqueConstraint("batch_id", "month", name=op.f("uq_batch_month_batch_id_month")),
        sa.UniqueConstraint("uid", name=op.f("uq_batch_month_uid")),
    )
    _fill()
    op.create_index("ix_batch_month_month", "batch_month", ["month", "batch_id"])
    op.create_index(op.f("ix_batch_month_organisation_id"), "batch_month", ["organisation_id"])
    op.create_index(op.f("ix_batch_month_org_path"), "batch_month", ["org_path"])
    protect("batch_month")
    # Last, because these hold the table until the end: a second for each million of debits.
    columns = ["legal_entity_id", "due_on", "return_reason", "amount_cents", "org_path"]
    op.create_index("ix_collection_back", "collection", columns, postgresql_where=_BACK, sqlite_where=_BACK)
    op.drop_index("ix_collection_returned", table_name="collection")


def _fill() -> None:
    counts: Counter[tuple[int, ...]] = Counter()
    rows = op.get_bind().execute(
        sa.text(_DAYS).columns(created_at=sa.DateTime(timezone=True), due_on=sa.Date())
    )
    for row in rows:
        key = (row.id, row.due_on.replace(day=1), row.created_at, row.org_path, row.organisation_id)
        counts[key] += row.debits
    names = ("batch_id", "month", "created_at", "org_path", "organisation_id")
    kinds = (sa.Integer(), sa.Date(), sa.DateTime(timezone=True), sa.String(), sa.Integer())
    columns = [sa.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
    table = sa.table("batch_month", *columns, sa.column("uid"), sa.column("count"))
    values = [
        {**dict(zip(names, key, strict=True)), "uid": new_uid(), "count": count}
        for key, count in counts.items()
    ]
    if values:
        op.bulk_insert(table, values)


def downgrade() -> None:
    op.create_index(
        "ix_collection_returned", "collection", ["return_reason"], postgresql_where=_BACK, sqlite_where=_BACK
    )
    op.drop_index("ix_collection_back", table_name="collection")
    op.drop_table("batch_month")
