"""Payments by card, and the cards that customers have left at the gateway."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0900"
down_revision = "20261129_0880"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def _row(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f(f"fk_{table}_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    ]


def upgrade() -> None:
    op.create_table(
        "kept_card",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("gateway_customer", sa.String(100), nullable=False),
        sa.Column("gateway_card", sa.String(100), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("expires", sa.String(7), nullable=False),
        sa.Column("kept_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date()),
        *_row("kept_card"),
    )
    op.create_table(
        "card_payment",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer()),
        sa.Column("invoice_id", sa.Integer()),
        sa.Column("card_id", sa.Integer()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("checkout_id", sa.String(100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payment_id", sa.String(100), nullable=False),
        sa.Column("received_cents", sa.BigInteger()),
        sa.Column("refund_id", sa.String(100), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_row("card_payment"),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_card_payment_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_card_payment_order_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_card_payment_invoice_id")),
        sa.ForeignKeyConstraint(["card_id"], ["kept_card.id"], name=op.f("fk_card_payment_card_id")),
    )
    for table, names in (
        ("kept_card", ("customer_id",)),
        ("card_payment", ("customer_id", "order_id", "invoice_id", "checkout_id")),
    ):
        for name in (*names, "org_path", "organisation_id"):
            op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
        protect(table)
    op.create_index("ix_card_payment_state", "card_payment", ["state", "id"])


def downgrade() -> None:
    op.drop_table("card_payment")
    op.drop_table("kept_card")
