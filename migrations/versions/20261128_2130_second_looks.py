"""A wish that waits for its code, and a paper mandate that waits for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2130"
down_revision = "20261128_2124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signed_link", sa.Column("wish_sealed", sa.Text(), nullable=True))
    op.add_column("mandate", sa.Column("paper_signed_on", sa.Date(), nullable=True))
    op.add_column("mandate", sa.Column("paper_entered_by_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("mandate", "paper_entered_by_id")
    op.drop_column("mandate", "paper_signed_on")
    op.drop_column("signed_link", "wish_sealed")
