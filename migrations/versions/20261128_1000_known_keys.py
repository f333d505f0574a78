"""the database knows the key file that it was written with"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1000"
down_revision = "20261128_0940"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_keys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.UniqueConstraint("uid", name=op.f("uq_known_keys_uid")),
        sa.UniqueConstraint("name", name=op.f("uq_known_keys_name")),
    )


def downgrade() -> None:
    op.drop_table("known_keys")
