"""each reseller has prices of its own, to buy and to sell at"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2241"
down_revision = "20261128_2240"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_SOLD = ("customer_order", "subscription")
_ONE = ["organisation_id", "product_id", "kind", "from_quantity", "effective_on"]


def upgrade() -> None:
    op.create_table(
        "reseller_price",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("from_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("floor_cents", sa.BigInteger()),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date()),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_reseller_price_product_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reseller_price_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_reseller_price_uid")),
        sa.UniqueConstraint(*_ONE, name=op.f(f"uq_reseller_price_{'_'.join(_ONE)}")),
    )
    for name in ("product_id", "org_path", "organisation_id"):
        op.create_index(f"ix_reseller_price_{name}", "reseller_price", [name])
    protect("reseller_price")
    for table in _SOLD:
        op.add_column(table, sa.Column("price_uid", sa.String(16)))


def downgrade() -> None:
    for table in reversed(_SOLD):
        op.drop_column(table, "price_uid")
    op.drop_table("reseller_price")
