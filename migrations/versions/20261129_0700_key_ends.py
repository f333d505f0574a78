"""A key has a grace after its last paid day, and may be suspended with its contract."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0700"
down_revision = "20261129_0640"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activation_key", sa.Column("grace_through", sa.Date(), nullable=True))
    op.add_column("activation_key", sa.Column("suspended_on", sa.Date(), nullable=True))
    op.add_column(
        "legal_entity", sa.Column("key_grace_days", sa.Integer(), nullable=False, server_default="14")
    )


def downgrade() -> None:
    op.drop_column("legal_entity", "key_grace_days")
    op.drop_column("activation_key", "suspended_on")
    op.drop_column("activation_key", "grace_through")
