"""An order keeps a consumer's request to begin before the delay to withdraw has ended, with its words."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0633"
down_revision = "20261129_0632"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("begin_early_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "customer_order", sa.Column("begin_early_text", sa.String(400), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("customer_order", "begin_early_text")
    op.drop_column("customer_order", "begin_early_at")
