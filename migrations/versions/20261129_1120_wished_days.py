"""Tickets that wish for a day: an audit, a penetration test.

Revision ID: 20261129_1120
Revises: 20261129_1111
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1120"
down_revision = "20261129_1111"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("wished_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket", "wished_on")
