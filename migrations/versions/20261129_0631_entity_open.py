"""A new legal entity bills nobody until a second person has agreed to its account; those that are there do."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0631"
down_revision = "20261129_0630"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legal_entity", sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("legal_entity", "is_open")
