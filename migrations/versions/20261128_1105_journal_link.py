"""a sealed chain over the journal"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze

revision = "20261128_1105"
down_revision = "20261128_1100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_link",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("digest_sealed", sa.Text(), nullable=False),
        sa.UniqueConstraint("uid", name=op.f("uq_journal_link_uid")),
        sa.UniqueConstraint("last_id", name=op.f("uq_journal_link_last_id")),
    )
    freeze("journal_link", ("last_id", "lines"))  # the digest is sealed again when keys rotate


def downgrade() -> None:
    op.drop_table("journal_link")
