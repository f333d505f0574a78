"""Changes of what a subscription sells, and commitments that begin again.

Revision ID: 20261129_0850
Revises: 20261129_0840
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0850"
down_revision = "20261129_0840"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_INDEXED = ("subscription_id", "state", "effective_on", "organisation_id", "org_path")


def upgrade() -> None:
    op.create_table(
        "subscription_change",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("committed_until", sa.Date()),
        sa.Column("signed_by", sa.String(200)),
        sa.Column("signed_at", sa.DateTime(timezone=True)),
        sa.Column("signed_from", sa.String(45)),
        sa.Column("refusal_reason", sa.String(300)),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_subscription_change_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_subscription_change_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_change")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscription_change_uid")),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_subscription_change_{name}"), "subscription_change", [name])
    protect("subscription_change")
    op.add_column("subscription", sa.Column("committed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscription", "committed_on")
    for name in reversed(_INDEXED):
        op.drop_index(op.f(f"ix_subscription_change_{name}"), table_name="subscription_change")
    op.drop_table("subscription_change")
