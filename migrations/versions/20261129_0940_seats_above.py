"""A key with more machines than seats is seen to, and machines tell when they came and what they are.

Revision ID: 20261129_0940
Revises: 20261129_0870
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0940"
down_revision = "20261129_0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activation_key", sa.Column("over_since", sa.Date(), nullable=True))
    op.create_index("ix_activation_key_over_since", "activation_key", ["over_since"])
    op.add_column("activation", sa.Column("seated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("activation", sa.Column("system", sa.JSON(), nullable=True))
    op.add_column("activation", sa.Column("outside_since", sa.Date(), nullable=True))
    op.create_index("ix_activation_outside_since", "activation", ["outside_since"])


def downgrade() -> None:
    op.drop_index("ix_activation_outside_since", "activation")
    op.drop_column("activation", "outside_since")
    op.drop_column("activation", "system")
    op.drop_column("activation", "seated_at")
    op.drop_index("ix_activation_key_over_since", "activation_key")
    op.drop_column("activation_key", "over_since")
