"""What a late payment costs, kept beside the invoice that was paid late."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0400"
down_revision = "20261129_0300"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "late_fee",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("missing", sa.String(300), nullable=False),
        sa.Column("penalty_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("waived_cents", sa.BigInteger(), nullable=False),
        sa.Column("waived_why", sa.String(300), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_late_fee_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_late_fee_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_late_fee_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fee")),
        sa.UniqueConstraint("invoice_id", "part", name=op.f("uq_late_fee_invoice_id_part")),
        sa.UniqueConstraint("uid", name=op.f("uq_late_fee_uid")),
    )
    for name in ("customer_id", "org_path", "organisation_id", "state"):
        op.create_index(op.f(f"ix_late_fee_{name}"), "late_fee", [name])
    protect("late_fee")


def downgrade() -> None:
    op.drop_table("late_fee")
