"""What the provider owes by a day, and which houses have their customers told of a miss.

Revision ID: 20261129_1100
Revises: 20261129_1092
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1100"
down_revision = "20261129_1092"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _table(name: str, *columns: Any) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    op.create_index(f"ix_{name}_org_path", name, ["org_path"])
    op.create_index(f"ix_{name}_organisation_id", name, ["organisation_id"])
    protect(name)


def upgrade() -> None:
    _table(
        "obligation",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("duty", sa.String(40), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("page", sa.String(200), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("due_at", WHEN, nullable=False),
        sa.Column("kept_at", WHEN, nullable=True),
        sa.Column("warned_at", WHEN, nullable=True),
        sa.Column("miss_told_at", WHEN, nullable=True),
        sa.Column("customer_told_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_obligation_customer_id"),
        sa.UniqueConstraint("key", name="uq_obligation_key"),
    )
    op.create_index("ix_obligation_due", "obligation", ["due_at", "id"])
    op.create_index("ix_obligation_customer_id", "obligation", ["customer_id"])
    _table(
        "miss_telling",
        sa.Column("tells", sa.Boolean(), nullable=False),
        sa.Column("decided_at", WHEN, nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.UniqueConstraint("organisation_id", name="uq_miss_telling_organisation_id"),
    )


def downgrade() -> None:
    op.drop_table("miss_telling")
    op.drop_table("obligation")
