"""Commissions of resellers: statements and their lines; what pays one is a refund without an invoice.

Revision ID: 20261129_1190
Revises: 20261129_1181
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze
from migrations.rls import protect

revision = "20261129_1190"
down_revision = "20261129_1181"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
_STATEMENT = (
    *("legal_entity_id", "month", "number", "issued_on", "sold_cents", "bought_cents"),
    *("carried_cents", "payable_cents", "refund_id"),
)
_LINE = (  # whose it is follows when two records of one customer are merged
    *("statement_id", "invoice_id", "invoice_number", "customer_name"),
    *("product_id", "product_name", "sold_cents", "bought_cents"),
)


def _table(name: str, *columns: Any) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    op.create_index(f"ix_{name}_org_path", name, ["org_path"])
    op.create_index(f"ix_{name}_organisation_id", name, ["organisation_id"])
    protect(name)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    with op.batch_alter_table("refund") as table:
        table.alter_column("invoice_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("paper", sa.String(35), nullable=False, server_default=""))
    name = "commission_statement"
    _table(
        name,
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        *(
            sa.Column(f"{each}_cents", sa.BigInteger(), nullable=False)
            for each in ("sold", "bought", "carried", "payable")
        ),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        _to(name, "legal_entity_id", "legal_entity"),
        _to(name, "refund_id", "refund"),
        _to(name, "document_id", "document"),
        sa.UniqueConstraint("organisation_id", "legal_entity_id", "month", name=f"uq_{name}_organisation_id_legal_entity_id_month"),
        sa.UniqueConstraint("legal_entity_id", "number", name=f"uq_{name}_legal_entity_id_number"),
        sa.UniqueConstraint("refund_id", name=f"uq_{name}_refund_id"),
    )
    freeze(name, _STATEMENT)
    name = "commission_line"
    _table(
        name,
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("invoice_number", sa.String(35), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("customer_name", sa.String(140), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("product_name", sa.String(140), nullable=False),
        sa.Column("sold_cents", sa.BigInteger(), nullable=False),
        sa.Column("bought_cents", sa.BigInteger(), nullable=False),
        _to(name, "statement_id", "commission_statement"),
        _to(name, "invoice_id", "invoice"),
        _to(name, "customer_id", "customer"),
        _to(name, "product_id", "product"),
    )
    for column in ("statement_id", "invoice_id", "customer_id"):
        op.create_index(f"ix_{name}_{column}", name, [column])
    freeze(name, _LINE)


def downgrade() -> None:
    op.drop_table("commission_line")
    op.drop_table("commission_statement")
    answers = "SELECT id FROM refund WHERE invoice_id IS NULL"
    op.execute(sa.text(f"DELETE FROM refund_answer WHERE refund_id IN ({answers})"))
    op.execute(sa.text("DELETE FROM refund WHERE invoice_id IS NULL"))
    with op.batch_alter_table("refund") as table:
        table.drop_column("paper")
        table.alter_column("invoice_id", existing_type=sa.Integer(), nullable=False)
