"""Since when an account has not been used."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0761"
down_revision = "20261129_0760"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscription", sa.Column("unused_since", sa.Date()))
    op.add_column("subscription", sa.Column("unused_kept", sa.Date()))
    op.create_index(op.f("ix_subscription_unused_since"), "subscription", ["unused_since"])


def downgrade() -> None:
    op.drop_index(op.f("ix_subscription_unused_since"), "subscription")
    op.drop_column("subscription", "unused_kept")
    op.drop_column("subscription", "unused_since")
