"""A customer is asked where she is to be paid back, and who gave an account is known.

Revision ID: 20261130_1500
Revises: 20261130_1450
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261130_1500"
down_revision = "20261130_1450"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_TABLE = "refund_account_ask"


def upgrade() -> None:
    op.add_column("refund_account", sa.Column("way", sa.String(10), nullable=False, server_default="staff"))
    op.add_column("refund_account", sa.Column("address", sa.String(45), nullable=False, server_default=""))
    op.create_table(
        _TABLE,
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("refusal", sa.String(200), nullable=False),
        sa.Column("iban_sealed", sa.String(300), nullable=True),
        sa.Column("holder", sa.String(70), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=f"fk_{_TABLE}_customer_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{_TABLE}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
        sa.UniqueConstraint("uid", name=f"uq_{_TABLE}_uid"),
    )
    for name in ("org_path", "organisation_id", "customer_id", "state"):
        op.create_index(f"ix_{_TABLE}_{name}", _TABLE, [name])
    protect(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)
    with op.batch_alter_table("refund_account") as table:
        table.drop_column("address")
        table.drop_column("way")
