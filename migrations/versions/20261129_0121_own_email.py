"""A person changes her own address: what she wants, what was confirmed, and how it is stopped."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0121"
down_revision = "20261129_0120"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "email_change",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("old_email", sa.String(254), nullable=False),
        sa.Column("new_email", sa.String(254), nullable=False),
        sa.Column("confirm_hash", sa.String(64), nullable=False),
        sa.Column("stop_hash", sa.String(64)),
        sa.Column("confirmed_at", _AT),
        sa.Column("ended_at", _AT),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_email_change_person_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_change_uid")),
        sa.UniqueConstraint("confirm_hash", name=op.f("uq_email_change_confirm_hash")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_email_change_stop_hash")),
    )
    op.create_index(op.f("ix_email_change_person_id"), "email_change", ["person_id"])


def downgrade() -> None:
    op.drop_table("email_change")
