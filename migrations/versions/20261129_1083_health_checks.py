"""Addresses that hear each hour whether backups are well.

Revision ID: 20261129_1083
Revises: 20261129_1082
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1083"
down_revision = "20261129_1082"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
TABLE = "health_check"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("address_sealed", sa.Text(), nullable=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("called_at", WHEN, nullable=True),
        sa.Column("was_well", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(80), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_health_check_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_health_check"),
        sa.UniqueConstraint("uid", name="uq_health_check_uid"),
    )
    op.create_index("ix_health_check_org_path", TABLE, ["org_path"])
    op.create_index("ix_health_check_organisation_id", TABLE, ["organisation_id"], unique=False)
    protect(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
