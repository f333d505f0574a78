"""An invoice of the former system counts how often it was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0635"
down_revision = "20261129_0634"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carried_balance", sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("carried_balance", "reminders")
