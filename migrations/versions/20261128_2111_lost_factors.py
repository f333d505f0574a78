"""two people let somebody in again who has lost her second factors"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2111"
down_revision = "20261128_2110"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "factor_recovery",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_factor_recovery_user_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_factor_recovery_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_factor_recovery_uid")),
    )
    for name in ("user_id", "org_path", "organisation_id"):
        op.create_index(op.f(f"ix_factor_recovery_{name}"), "factor_recovery", [name])
    op.create_index("ix_factor_recovery_state", "factor_recovery", ["state", "id"])
    protect("factor_recovery")


def downgrade() -> None:
    op.drop_table("factor_recovery")
