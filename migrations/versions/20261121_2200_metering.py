"""volume that is ordered, its price list, its price on demand, and usage above the contract"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "k01"
down_revision = "j01"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)
_SOLD = ("customer_order", "subscription")


def upgrade() -> None:
    op.add_column("product", sa.Column("included_gb", sa.Integer(), nullable=True))
    op.add_column("product", sa.Column("gb_month_cents", sa.BigInteger(), nullable=True))
    for table in _SOLD:
        op.add_column(table, sa.Column("volume_gb", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("gb_month_cents", sa.BigInteger(), nullable=True))
    op.create_table(
        "volume_price",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("up_to_gb", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        *_row("volume_price"),
        _key("volume_price", "product_id", "product"),
        sa.UniqueConstraint("product_id", "up_to_gb", name=op.f("uq_volume_price_product_id_up_to_gb")),
    )
    op.create_table(
        "usage_gap",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("contracted", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("extra_cents", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_row("usage_gap"),
        _key("usage_gap", "subscription_id", "subscription"),
        sa.UniqueConstraint(
            "subscription_id", "kind", "period_on", name=op.f("uq_usage_gap_subscription_id_kind_period_on")
        ),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    protect("volume_price", seen_from_below=True)
    protect("usage_gap")


_TABLES = ("volume_price", "usage_gap")
_INDEXES = (
    *((table, column) for table in _TABLES for column in ("organisation_id", "org_path")),
    ("usage_gap", "subscription_id"),
)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        _key(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in reversed(_TABLES):
        op.drop_table(table)
    for table in (*_SOLD, "product"):
        op.drop_column(table, "gb_month_cents")
    for table in _SOLD:
        op.drop_column(table, "volume_gb")
    op.drop_column("product", "included_gb")
