"""What each closed day defers to later ones.

Revision ID: 20261129_1210
Revises: 20261129_1200
"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import PLACES, columns_but, freeze_some
from migrations.rls import protect

revision = "20261129_1210"
down_revision = "20261129_1241"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deferral",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name="fk_deferral_legal_entity_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_deferral_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deferral"),
        sa.UniqueConstraint("uid", name="uq_deferral_uid"),
        sa.UniqueConstraint("legal_entity_id", "day", name="uq_deferral_legal_entity_id_day"),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(f"ix_deferral_{name}", "deferral", [name])
    protect("deferral")
    freeze_some("deferral", "delete")
    freeze_some("deferral", "update", columns_but("deferral", PLACES))


def downgrade() -> None:
    op.drop_table("deferral")
