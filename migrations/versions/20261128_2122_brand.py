"""customers read whom they ask"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2122"
down_revision = "20261128_2121"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("support_email", sa.String(254), nullable=False),
        sa.Column("support_phone", sa.String(30), nullable=False),
        sa.Column("support_hours", sa.String(140), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_brand_organisation_id")
        ),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_brand_organisation_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_brand_uid")),
    )
    op.create_index("ix_brand_org_path", "brand", ["org_path"])
    op.create_index("ix_brand_organisation_id", "brand", ["organisation_id"])
    protect("brand", seen_from_below=True)


def downgrade() -> None:
    op.drop_table("brand")
