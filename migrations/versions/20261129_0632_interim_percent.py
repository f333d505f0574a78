"""Each issuer says how far beyond the usual a running month on demand may be billed before it ends."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0632"
down_revision = "20261129_0631"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "legal_entity", sa.Column("interim_percent", sa.Integer(), nullable=False, server_default="200")
    )


def downgrade() -> None:
    op.drop_column("legal_entity", "interim_percent")
