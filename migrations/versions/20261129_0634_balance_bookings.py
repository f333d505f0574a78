"""A transfer that pays an invoice of the former system says so."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0634"
down_revision = "20261129_0633"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "balance_booking",
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("balance_id", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["incoming_transfer.id"], name=op.f("fk_balance_booking_transfer_id")
        ),
        sa.ForeignKeyConstraint(
            ["balance_id"], ["carried_balance.id"], name=op.f("fk_balance_booking_balance_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_balance_booking_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance_booking")),
        sa.UniqueConstraint("uid", name=op.f("uq_balance_booking_uid")),
        sa.UniqueConstraint("balance_id", name=op.f("uq_balance_booking_balance_id")),
    )
    for name in ("org_path", "organisation_id", "transfer_id"):
        op.create_index(op.f(f"ix_balance_booking_{name}"), "balance_booking", [name])
    protect("balance_booking")


def downgrade() -> None:
    op.drop_table("balance_booking")
