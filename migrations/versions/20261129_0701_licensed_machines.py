"""A machine checks in, comes by file, and gives its seat back."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0701"
down_revision = "20261129_0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "activation_key", sa.Column("releases", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("activation", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "activation", sa.Column("is_offline", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("activation", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("activation", "released_at")
    op.drop_column("activation", "is_offline")
    op.drop_column("activation", "last_seen_at")
    op.drop_column("activation_key", "releases")
