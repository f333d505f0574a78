"""An account for refunds that people of a reseller gave counts for their own issuer alone.

Revision ID: 20261130_1700
Revises: 20261130_1655
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1700"
down_revision = "20261130_1655"
branch_labels = None
depends_on = None

_KEY = "fk_refund_account_legal_entity_id"


def upgrade() -> None:
    with op.batch_alter_table("refund_account") as table:
        table.add_column(sa.Column("legal_entity_id", sa.Integer(), nullable=True))
        table.create_foreign_key(_KEY, "legal_entity", ["legal_entity_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("refund_account") as table:
        table.drop_constraint(_KEY, type_="foreignkey")
        table.drop_column("legal_entity_id")
