"""Under which contract a reseller buys.

Revision ID: 20261129_1211
Revises: 20261129_1210
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1211"
down_revision = "20261129_1210"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "buying_terms",
        sa.Column("stack", sa.String(40), nullable=False),
        sa.Column("refuses", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_buying_terms_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_buying_terms"),
        sa.UniqueConstraint("uid", name="uq_buying_terms_uid"),
        sa.UniqueConstraint("organisation_id", name="uq_buying_terms_organisation_id"),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(f"ix_buying_terms_{name}", "buying_terms", [name])
    protect("buying_terms")


def downgrade() -> None:
    op.drop_table("buying_terms")
