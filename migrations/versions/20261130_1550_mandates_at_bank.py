"""The mandates that wait for their debtor's bank have an index of their own.

Revision ID: 20261130_1550
Revises: 20261130_1500
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1550"
down_revision = "20261130_1500"
branch_labels = None
depends_on = None

_FEW = sa.text("state = 'signed' AND scheme = 'B2B' AND bank_confirmed_on IS NULL")


def upgrade() -> None:
    op.create_index("ix_mandate_at_bank", "mandate", ["state"], postgresql_where=_FEW, sqlite_where=_FEW)


def downgrade() -> None:
    op.drop_index("ix_mandate_at_bank", table_name="mandate")
