"""stored files are encrypted where they lie; those kept before stay as they are"""

import sqlalchemy as sa
from alembic import op

revision = "n01"
down_revision = "m01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("is_sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("document") as table:
        table.alter_column("is_sealed", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.drop_column("is_sealed")
