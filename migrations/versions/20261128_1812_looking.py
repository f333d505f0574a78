"""A web session may look at a customer's space for a while."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1812"
down_revision = "20261128_1751"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sign_in") as table:
        table.add_column(sa.Column("looks_at_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("looks_until", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key("fk_sign_in_looks_at_id", "organisation", ["looks_at_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as table:
        table.drop_constraint("fk_sign_in_looks_at_id", type_="foreignkey")
        table.drop_column("looks_until")
        table.drop_column("looks_at_id")
