"""What the dry run of an import remarks without refusing it: B2B mandates, and who confirmed them."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0152"
down_revision = "20261129_0151"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "moving_fault", sa.Column("is_remark", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("moving_fault", "is_remark")
