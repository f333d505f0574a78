"""A restore may refer to the ticket under which it was asked for.

Revision ID: 20261129_1031
Revises: 20261129_1030
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1031"
down_revision = "20261129_1030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.Column("ticket_number", sa.String(35), nullable=False, server_default="")
    op.add_column("restore_request", number)


def downgrade() -> None:
    op.drop_column("restore_request", "ticket_number")
