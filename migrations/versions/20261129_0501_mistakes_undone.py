"""A payment may reverse another one, a charge may be dropped, a key may wait for its payment."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0501"
down_revision = "20261129_0500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("reverses_id", sa.Integer()))
    op.create_index(op.f("ix_payment_reverses_id"), "payment", ["reverses_id"], unique=True)
    op.add_column("charge", sa.Column("dropped_on", sa.Date()))
    op.add_column("charge", sa.Column("dropped_why", sa.String(300), server_default="", nullable=False))
    op.add_column("activation_key", sa.Column("held_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("activation_key", "held_at")
    op.drop_column("charge", "dropped_why")
    op.drop_column("charge", "dropped_on")
    op.drop_index(op.f("ix_payment_reverses_id"), "payment")
    op.drop_column("payment", "reverses_id")
