"""The VAT of a sale stands on its lines, with its category, reason and state; the day by which a contract wants it paid."""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze, freeze_all_but_place, freeze_place_too

revision = "20261129_0200"
down_revision = "20261129_0153"
branch_labels = None
depends_on = None

_UNION = sa.text("union_country IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "vat_rate",
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_rate")),
        sa.UniqueConstraint("uid", name=op.f("uq_vat_rate_uid")),
        sa.UniqueConstraint("country", "valid_from", name=op.f("uq_vat_rate_country_valid_from")),
    )
    freeze("vat_rate")
    op.add_column("charge", sa.Column("taxed", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("charge", sa.Column("due_rule", sa.String(20), nullable=True))
    op.add_column(
        "legal_entity",
        sa.Column("due_follows_debit", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("customer", sa.Column("outside_eu_declared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customer_order", sa.Column("sale_vat", sa.JSON(), nullable=True))
    op.add_column("legal_entity", sa.Column("oss_since", sa.Date(), nullable=True))
    op.add_column("invoice", sa.Column("union_country", sa.String(2), nullable=True))
    for name, length, default in (("vat_category", 2, "S"), ("vat_mention", 120, ""), ("vat_country", 2, "")):
        op.add_column(
            "invoice_line", sa.Column(name, sa.String(length), nullable=False, server_default=default)
        )
    freeze_all_but_place("invoice_line")  # with its new columns
    op.create_index(
        "ix_invoice_union",
        "invoice",
        ["legal_entity_id", "issued_on"],
        postgresql_where=_UNION,
        sqlite_where=_UNION,
    )
    # Until now everything bore French VAT: what consumers of other member states bought counts for the threshold.
    op.execute(
        """UPDATE invoice SET union_country = (
             SELECT customer.country FROM customer WHERE customer.id = invoice.customer_id)
           WHERE customer_id IN (SELECT id FROM customer WHERE country IN (
             'AT','BE','BG','CY','CZ','DE','DK','EE','ES','FI','GR','HR','HU','IE','IT','LT','LU','LV','MT',
             'NL','PL','PT','RO','SE','SI','SK'))"""
    )


def downgrade() -> None:
    freeze_place_too("invoice_line")
    op.drop_index("ix_invoice_union", "invoice")
    for name in ("vat_country", "vat_mention", "vat_category"):
        op.drop_column("invoice_line", name)
    freeze_all_but_place("invoice_line")
    op.drop_column("invoice", "union_country")
    op.drop_column("legal_entity", "oss_since")
    op.drop_column("legal_entity", "due_follows_debit")
    op.drop_column("charge", "due_rule")
    op.drop_column("customer_order", "sale_vat")
    op.drop_column("customer", "outside_eu_declared_at")
    op.drop_column("charge", "taxed")
    op.drop_table("vat_rate")
