"""What resellers buy in bulk: who stands for each as a buyer, and the lines of their annexes.

Revision ID: 20261129_1170
Revises: 20261129_1160
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze
from migrations.rls import protect

revision = "20261129_1170"
down_revision = "20261129_1160"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
_SAYS = (
    *("month", "charge_id", "bought_by_id", "customer_id", "customer_name"),
    *("subscription_uid", "label", "quantity", "unit_cents"),
)


def _table(name: str, *columns: Any) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    op.create_index(f"ix_{name}_org_path", name, ["org_path"])
    op.create_index(f"ix_{name}_organisation_id", name, ["organisation_id"])
    protect(name)


def upgrade() -> None:
    _table(
        "wholesale_buyer",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_wholesale_buyer_customer_id"),
        sa.UniqueConstraint("organisation_id", name="uq_wholesale_buyer_organisation_id"),
        sa.UniqueConstraint("customer_id", name="uq_wholesale_buyer_customer_id"),
    )
    _table(
        "wholesale_line",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("bought_by_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("customer_name", sa.String(140), nullable=False),
        sa.Column("subscription_uid", sa.String(16), nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name="fk_wholesale_line_charge_id"),
        sa.ForeignKeyConstraint(["bought_by_id"], ["charge.id"], name="fk_wholesale_line_bought_by_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_wholesale_line_customer_id"),
        sa.UniqueConstraint("charge_id", name="uq_wholesale_line_charge_id"),
    )
    op.create_index("ix_wholesale_line_month", "wholesale_line", ["organisation_id", "month"])
    op.create_index("ix_wholesale_line_bought_by_id", "wholesale_line", ["bought_by_id"])
    op.create_index("ix_wholesale_line_customer_id", "wholesale_line", ["customer_id"])
    freeze("wholesale_line", _SAYS)


def downgrade() -> None:
    op.drop_table("wholesale_line")
    op.drop_table("wholesale_buyer")
