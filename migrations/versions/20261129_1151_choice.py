"""What is handed back is chosen before the copy begins, where somebody asks for it.

Revision ID: 20261129_1151
Revises: 20261129_1150
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1151"
down_revision = "20261129_1150"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
NAME = "handover_choice"


def upgrade() -> None:
    wants = sa.Column("wants_choice", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("reversibility_case", wants)
    op.create_table(
        NAME,
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("offered", sa.JSON(), nullable=False),
        sa.Column("until", WHEN, nullable=False),
        sa.Column("chosen", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("chosen_by", sa.String(254), nullable=False),
        sa.Column("chosen_at", WHEN, nullable=True),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{NAME}_organisation_id"),
        sa.ForeignKeyConstraint(["case_id"], ["reversibility_case.id"], name=f"fk_{NAME}_case_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{NAME}"),
        sa.UniqueConstraint("uid", name=f"uq_{NAME}_uid"),
        sa.UniqueConstraint("case_id", "round", name=f"uq_{NAME}_case_id_round"),
    )
    op.create_index(f"ix_{NAME}_org_path", NAME, ["org_path"])
    op.create_index(f"ix_{NAME}_organisation_id", NAME, ["organisation_id"])
    protect(NAME)


def downgrade() -> None:
    op.drop_table(NAME)
    op.drop_column("reversibility_case", "wants_choice")
