"""usage gaps are listed undecided first"""

from alembic import op

revision = "20261128_1935"
down_revision = "20261128_1930"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_usage_gap_state", "usage_gap", ["state", "id"])


def downgrade() -> None:
    op.drop_index("ix_usage_gap_state", "usage_gap")
