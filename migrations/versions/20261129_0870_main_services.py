"""A complementary service may follow the commitment of a main one.

Revision ID: 20261129_0870
Revises: 20261129_0860
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0870"
down_revision = "20261129_0860"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscription") as batch:
        batch.add_column(sa.Column("follows_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_subscription_follows_id"), "subscription", ["follows_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("subscription") as batch:
        batch.drop_constraint(op.f("fk_subscription_follows_id"), type_="foreignkey")
        batch.drop_column("follows_id")
