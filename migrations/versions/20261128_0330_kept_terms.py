"""subscriptions keep the end of their period, the last day of notice, and how a notice was given"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0330"
down_revision = "n01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscription") as table:
        table.add_column(sa.Column("notice_fields", sa.JSON(), nullable=True))
        table.add_column(sa.Column("period_ends_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("last_notice_on", sa.Date(), nullable=True))
        table.create_index("ix_subscription_period_ends_on", ["period_ends_on"])
        table.create_index("ix_subscription_last_notice_on", ["last_notice_on"])


def downgrade() -> None:
    with op.batch_alter_table("subscription") as table:
        table.drop_index("ix_subscription_last_notice_on")
        table.drop_index("ix_subscription_period_ends_on")
        table.drop_column("last_notice_on")
        table.drop_column("period_ends_on")
        table.drop_column("notice_fields")
