"""Yearly drills are paid for, a year at a time.

Revision ID: 20261130_1300
Revises: 20261129_1211
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261130_1300"
down_revision = "20261130_1351"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drill_year",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("credited_cents", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["drill_plan.id"], name="fk_drill_year_plan_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_drill_year_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_drill_year"),
        sa.UniqueConstraint("uid", name="uq_drill_year_uid"),
        sa.UniqueConstraint("plan_id", "begins_on", name="uq_drill_year_plan_id_begins_on"),
    )
    for name in ("org_path", "organisation_id", "settled_on"):
        op.create_index(f"ix_drill_year_{name}", "drill_year", [name])
    protect("drill_year")


def downgrade() -> None:
    op.drop_table("drill_year")
