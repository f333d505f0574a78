"""a person puts her first steps away"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1840"
down_revision = "20261128_1830"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "first_steps_dismissal",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_first_steps_dismissal_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_first_steps_dismissal_organisation_id")
        ),
        sa.UniqueConstraint("user_id", name=op.f("uq_first_steps_dismissal_user_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_first_steps_dismissal_uid")),
    )
    op.create_index("ix_first_steps_dismissal_org_path", "first_steps_dismissal", ["org_path"])
    op.create_index("ix_first_steps_dismissal_organisation_id", "first_steps_dismissal", ["organisation_id"])
    protect("first_steps_dismissal")


def downgrade() -> None:
    op.drop_table("first_steps_dismissal")
