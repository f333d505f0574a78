"""Pro-formas of renewals: of which subscription, for which period."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0410"
down_revision = "20261129_0402"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("proforma") as table:
        table.add_column(sa.Column("subscription_uid", sa.String(16), nullable=True))
        table.add_column(sa.Column("period_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("sale_vat", sa.JSON(), nullable=True))
        table.create_unique_constraint(
            op.f("uq_proforma_subscription_uid_period_on"), ["subscription_uid", "period_on"]
        )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM proforma WHERE subscription_uid IS NOT NULL"))
    with op.batch_alter_table("proforma") as table:
        table.drop_constraint(op.f("uq_proforma_subscription_uid_period_on"), type_="unique")
        table.drop_column("sale_vat")
        table.drop_column("period_on")
        table.drop_column("subscription_uid")
