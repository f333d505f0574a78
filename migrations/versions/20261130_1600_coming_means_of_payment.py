"""A subscription knows the means of payment that a later period begins with.

Revision ID: 20261130_1600
Revises: 20261130_1550
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1600"
down_revision = "20261130_1550"
branch_labels = None
depends_on = None

_INDEX = "ix_subscription_coming_method_asked_on"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("coming_method", sa.String(40), nullable=True))
    op.add_column("subscription", sa.Column("coming_method_asked_on", sa.Date(), nullable=True))
    op.add_column("subscription", sa.Column("coming_method_from", sa.Date(), nullable=True))
    op.add_column("subscription", sa.Column("coming_mandate_uid", sa.String(16), nullable=True))
    op.create_index(_INDEX, "subscription", ["coming_method_asked_on"])


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="subscription")
    for name in ("coming_mandate_uid", "coming_method_from", "coming_method_asked_on", "coming_method"):
        op.drop_column("subscription", name)
