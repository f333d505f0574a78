"""A customer asks for the assignment of her contract.

Revision ID: 20261130_1351
Revises: 20261130_1350
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261130_1351"
down_revision = "20261130_1350"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_TABLE = "assignment_wish"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("successor", sa.String(70), nullable=False),
        sa.Column("siren", sa.String(9), nullable=False),
        sa.Column("contact", sa.String(70), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("refusal_reason", sa.String(300), nullable=False),
        sa.Column("assignment_uid", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=f"fk_{_TABLE}_subscription_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{_TABLE}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("uid", name=f"uq_{_TABLE}_uid"),
    )
    for name in ("org_path", "organisation_id", "subscription_id", "state"):
        op.create_index(f"ix_{_TABLE}_{name}", _TABLE, [name])
    wished = sa.text("state = 'asked'")
    op.create_index(
        f"uq_{_TABLE}_open",
        _TABLE,
        ["subscription_id"],
        unique=True,
        postgresql_where=wished,
        sqlite_where=wished,
    )
    protect(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)
