"""The figures of each month, by reseller."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1815"
down_revision = "20261128_1812"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "month_figure",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_month_figure_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_month_figure"),
        sa.UniqueConstraint("organisation_id", "month", "name", name="uq_month_figure_organisation_id_month_name"),
        sa.UniqueConstraint("uid", name="uq_month_figure_uid"),
    )
    op.create_index("ix_month_figure_month", "month_figure", ["month"])
    op.create_index("ix_month_figure_org_path", "month_figure", ["org_path"])
    op.create_index("ix_month_figure_organisation_id", "month_figure", ["organisation_id"])
    protect("month_figure")


def downgrade() -> None:
    op.drop_table("month_figure")
