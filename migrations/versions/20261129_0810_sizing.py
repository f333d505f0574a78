"""Sizing sheets of orders, and their hand-over."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0810"
down_revision = "20261129_0800"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sizing",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("machines", sa.Integer(), nullable=False),
        sa.Column("source_gb", sa.Integer(), nullable=False),
        sa.Column("daily_change_basis_points", sa.Integer(), nullable=False),
        sa.Column("history_days", sa.Integer(), nullable=False),
        sa.Column("schedule", sa.String(200), nullable=False),
        sa.Column("mode", sa.String(40), nullable=False),
        sa.Column("recipient_name", sa.String(70), nullable=False),
        sa.Column("recipient_email", sa.String(254), nullable=False),
        sa.Column("document_id", sa.Integer()),
        sa.Column("handed_over_on", sa.Date()),
        sa.Column("handed_over_by", sa.String(200), nullable=False),
        sa.Column("handed_over_how", sa.String(40)),
        sa.Column("receipt_id", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_sizing_order_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_sizing_document_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["document.id"], name=op.f("fk_sizing_receipt_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sizing_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sizing")),
        sa.UniqueConstraint("uid", name=op.f("uq_sizing_uid")),
        sa.UniqueConstraint("order_id", name=op.f("uq_sizing_order_id")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_sizing_{name}"), "sizing", [name])
    protect("sizing")


def downgrade() -> None:
    op.drop_table("sizing")
