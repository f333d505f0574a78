"""An offer says where it is hosted, under which state's jurisdiction, from a day on.

Revision ID: 20261129_0980
Revises: 20261129_0971
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0980"
down_revision = "20261129_0971"
branch_labels = None
depends_on = None

TABLE = "hosting_place"
PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=140), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("operator", sa.String(length=140), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{TABLE}_organisation_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=f"fk_{TABLE}_product_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("uid", name=f"uq_{TABLE}_uid"),
    )
    for column in ("organisation_id", "org_path", "product_id"):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    protect(TABLE, seen_from_below=True)


def downgrade() -> None:
    op.drop_table(TABLE)
