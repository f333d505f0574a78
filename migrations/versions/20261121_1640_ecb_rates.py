"""rates of the central bank entered by finance"""

import sqlalchemy as sa
from alembic import op

revision = "b02"
down_revision = "b01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ecb_rate",
        sa.Column("semester", sa.String(7), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecb_rate")),
        sa.UniqueConstraint("uid", name=op.f("uq_ecb_rate_uid")),
        sa.UniqueConstraint("semester", name=op.f("uq_ecb_rate_semester")),
    )


def downgrade() -> None:
    op.drop_table("ecb_rate")
