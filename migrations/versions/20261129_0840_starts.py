"""Orders say when they were signed and their service first used.

Revision ID: 20261129_0840
Revises: 20261129_0750
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0840"
down_revision = "20261129_0810"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("signed_on", sa.Date(), nullable=True))
    op.add_column("customer_order", sa.Column("connected_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("customer_order", "connected_on")
    op.drop_column("customer_order", "signed_on")
