"""each backup of the portal, and each drill, leaves a row"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1140"
down_revision = "20261128_1132"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_run",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.String(64), nullable=False),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("uid", name=op.f("uq_safety_run_uid")),
    )
    op.create_index(op.f("ix_safety_run_kind"), "safety_run", ["kind"])
    with op.batch_alter_table("vault") as table:
        table.add_column(sa.Column("identity_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("vault") as table:
        table.drop_column("identity_sealed")
    op.drop_table("safety_run")
