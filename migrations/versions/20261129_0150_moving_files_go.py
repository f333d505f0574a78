"""Files of imports go some days after their end: since when an import rests, and when its file went."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0150"
down_revision = "20261129_0122"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moving", sa.Column("rests_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("moving", sa.Column("file_gone_on", sa.Date(), nullable=True))
    op.add_column("parallel_month", sa.Column("file_gone_on", sa.Date(), nullable=True))
    op.execute(sa.text("UPDATE moving SET rests_since = COALESCE(taken_at, created_at)"))


def downgrade() -> None:
    op.drop_column("parallel_month", "file_gone_on")
    op.drop_column("moving", "file_gone_on")
    op.drop_column("moving", "rests_since")
