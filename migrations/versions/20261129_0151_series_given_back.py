"""An import keeps how a number series stood before it was taken over."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0151"
down_revision = "20261129_0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moving_row", sa.Column("series", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("moving_row", "series")
