"""Notes of colleagues beside a record."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1751"
down_revision = "20261128_1540"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_uid", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_note_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
        sa.UniqueConstraint("uid", name="uq_note_uid"),
    )
    op.create_index("ix_note_org_path", "note", ["org_path"])
    op.create_index("ix_note_organisation_id", "note", ["organisation_id"])
    op.create_index("ix_note_subject", "note", ["subject_uid", "id"])
    protect("note")


def downgrade() -> None:
    op.drop_table("note")
