"""A bank file counts what it holds beside our debits, and a record says of which lot or file it is."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0300"
down_revision = "20261129_0210"
branch_labels = None
depends_on = None

COUNTS = ("not_booked", "other_account", "other_currency", "not_debit", "informational")


def upgrade() -> None:
    for name in COUNTS:
        op.add_column("bank_file", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    scope = sa.Column("scope", sa.String(length=11), nullable=False, server_default="transaction")
    op.add_column("bank_record", scope)
    for name in ("message_id", "lot"):
        op.add_column(
            "bank_record", sa.Column(name, sa.String(length=35), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("bank_record") as table:
        for name in ("lot", "message_id", "scope"):
            table.drop_column(name)
    with op.batch_alter_table("bank_file") as table:
        for name in reversed(COUNTS):
            table.drop_column(name)
