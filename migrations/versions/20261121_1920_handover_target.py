"""the customer's own bucket for the copy of a handover"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "i03"
down_revision = "i02"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "handover_target",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(200), nullable=False),
        sa.Column("bucket", sa.String(63), nullable=False),
        sa.Column("prefix", sa.String(200), nullable=False),
        sa.Column("keys_sealed", sa.Text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["reversibility_case.id"], name=op.f("fk_handover_target_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_handover_target_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_target")),
        sa.UniqueConstraint("uid", name=op.f("uq_handover_target_uid")),
    )
    for column in ("case_id", "organisation_id", "org_path"):
        op.create_index(op.f(f"ix_handover_target_{column}"), "handover_target", [column])
    protect("handover_target")


def downgrade() -> None:
    for column in ("org_path", "organisation_id", "case_id"):
        op.drop_index(op.f(f"ix_handover_target_{column}"), table_name="handover_target")
    op.drop_table("handover_target")
