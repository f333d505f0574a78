"""Days on which law or terms change, and the contracts that answer otherwise from then on.

Revision ID: 20261129_1130
Revises: 20261129_1120
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1130"
down_revision = "20261129_1120"
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
        "law_day",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("looked_at", WHEN, nullable=True),
        sa.Column("asked_at", WHEN, nullable=True),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("concerned", sa.Integer(), nullable=False),
        sa.Column("lettered", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint("organisation_id", "key", name="uq_law_day_organisation_id_key"),
    )
    op.create_index("ix_law_day_day", "law_day", ["day", "id"])
    _table(
        "law_day_contract",
        sa.Column("law_day_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["law_day_id"], ["law_day.id"], name="fk_law_day_contract_law_day_id"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_law_day_contract_subscription_id"
        ),
        sa.UniqueConstraint(
            "law_day_id", "subscription_id", name="uq_law_day_contract_law_day_id_subscription_id"
        ),
    )
    op.create_index("ix_law_day_contract_subscription_id", "law_day_contract", ["subscription_id"])


def downgrade() -> None:
    op.drop_table("law_day_contract")
    op.drop_table("law_day")
