"""The portal makes the users of a bucket, and reads its lock.

Revision ID: 20261130_1450
Revises: 20261130_1304
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1450"
down_revision = "20261130_1304"
branch_labels = None
depends_on = None


def upgrade() -> None:
    users_door = sa.Column("users_door", sa.String(300), nullable=False, server_default="")
    op.add_column("vault_store", users_door)
    op.add_column("vault_store", sa.Column("lock_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vault_store", sa.Column("lock_fault", sa.String(40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("vault_store") as table:
        for name in ("lock_fault", "lock_read_at", "users_door"):
            table.drop_column(name)
