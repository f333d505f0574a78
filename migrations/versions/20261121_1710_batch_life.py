"""life of a batch, bank profile of a creditor"""

import sqlalchemy as sa
from alembic import op

revision = "f01"
down_revision = "e01"
branch_labels = None
depends_on = None

# (table, column, type, value of the rows that exist; None for a column that may be empty)
COLUMNS = [
    ("batch", "frozen_by_id", sa.Integer(), None),
    ("batch", "sent_on", sa.Date(), None),
    ("collection", "hold_reason", sa.String(200), None),
    ("legal_entity", "cutoff_hour", sa.Integer(), "24"),
    ("legal_entity", "message_version", sa.String(2), "08"),
    ("legal_entity", "max_rows", sa.Integer(), "50000"),
    ("legal_entity", "max_bytes", sa.BigInteger(), "50000000"),
    ("legal_entity", "one_booking", sa.Boolean(), sa.true()),
    ("legal_entity", "writes_first", sa.Boolean(), sa.false()),
    ("legal_entity", "hybrid_addresses", sa.Boolean(), sa.false()),
    ("legal_entity", "two_people_over_cents", sa.BigInteger(), "1000000"),
    ("legal_entity", "freeze_day", sa.Integer(), None),
    ("sign_in", "confirmed_at", sa.DateTime(timezone=True), None),
]


def upgrade() -> None:
    for table, name, kind, value in COLUMNS:
        column = sa.Column(name, kind, nullable=value is None, server_default=value)
        op.add_column(table, column)
    op.drop_index("ix_collection_due", "collection")
    op.drop_index("ix_collection_batch_id", "collection")
    free = sa.text("batch_id IS NULL")
    op.create_index("ix_collection_due", "collection", ["legal_entity_id", "due_on"],
                    postgresql_where=free, sqlite_where=free)
    op.create_index("ix_collection_lot", "collection", ["batch_id", "due_on", "sequence_type", "id"])
    if op.get_bind().dialect.name == "postgresql":  # room beside each row for its next state
        op.execute("ALTER TABLE collection SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE collection RESET (fillfactor)")
    op.drop_index("ix_collection_lot", "collection")
    op.drop_index("ix_collection_due", "collection")
    op.create_index("ix_collection_due", "collection", ["legal_entity_id", "state", "due_on"])
    op.create_index("ix_collection_batch_id", "collection", ["batch_id"])
    for table, name, _kind, _value in reversed(COLUMNS):
        op.drop_column(table, name)
