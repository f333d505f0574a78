"""A reseller's new retail price reaches running contracts, and what was announced can be recalled."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0153"
down_revision = "20261129_0152"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("price_step") as table:
        table.add_column(sa.Column("reseller_price_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("recalled_on", sa.Date(), nullable=True))
        table.alter_column("revision_id", existing_type=sa.Integer(), nullable=True)
        table.create_foreign_key(
            op.f("fk_price_step_reseller_price_id"), "reseller_price", ["reseller_price_id"], ["id"]
        )
        table.create_unique_constraint(
            op.f("uq_price_step_subscription_id_reseller_price_id"), ["subscription_id", "reseller_price_id"]
        )
        table.create_index(op.f("ix_price_step_reseller_price_id"), ["reseller_price_id"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM price_step WHERE revision_id IS NULL"))
    with op.batch_alter_table("price_step") as table:
        table.drop_index(op.f("ix_price_step_reseller_price_id"))
        table.drop_constraint(op.f("uq_price_step_subscription_id_reseller_price_id"), type_="unique")
        table.drop_constraint(op.f("fk_price_step_reseller_price_id"), type_="foreignkey")
        table.alter_column("revision_id", existing_type=sa.Integer(), nullable=False)
        table.drop_column("recalled_on")
        table.drop_column("reseller_price_id")
