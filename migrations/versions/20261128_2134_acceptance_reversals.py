"""An acceptance that was recorded by mistake is taken back by another row."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2134"
down_revision = "20261128_2133"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "acceptance_reversal",
        sa.Column("acceptance_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"], ["acceptance.id"], name=op.f("fk_acceptance_reversal_acceptance_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_acceptance_reversal_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptance_reversal")),
        sa.UniqueConstraint("uid", name=op.f("uq_acceptance_reversal_uid")),
        sa.UniqueConstraint("acceptance_id", name=op.f("uq_acceptance_reversal_acceptance_id")),
    )
    for column in ("organisation_id", "org_path"):
        op.create_index(op.f(f"ix_acceptance_reversal_{column}"), "acceptance_reversal", [column])
    protect("acceptance_reversal")


def downgrade() -> None:
    for column in ("org_path", "organisation_id"):
        op.drop_index(op.f(f"ix_acceptance_reversal_{column}"), table_name="acceptance_reversal")
    op.drop_table("acceptance_reversal")
