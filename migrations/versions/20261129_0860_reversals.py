"""Notices that are taken back with the other side's consent.

Revision ID: 20261129_0860
Revises: 20261129_0850
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0860"
down_revision = "20261129_0850"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_INDEXED = ("subscription_id", "state", "organisation_id", "org_path")


def upgrade() -> None:
    op.create_table(
        "notice_reversal",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by_side", sa.String(40), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("agreed_by", sa.String(200)),
        sa.Column("agreed_at", sa.DateTime(timezone=True)),
        sa.Column("agreed_from", sa.String(45)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_notice_reversal_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_notice_reversal_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_reversal")),
        sa.UniqueConstraint("uid", name=op.f("uq_notice_reversal_uid")),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_notice_reversal_{name}"), "notice_reversal", [name])
    protect("notice_reversal")


def downgrade() -> None:
    for name in reversed(_INDEXED):
        op.drop_index(op.f(f"ix_notice_reversal_{name}"), table_name="notice_reversal")
    op.drop_table("notice_reversal")
