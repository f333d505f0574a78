"""E-reporting: the VAT regime of each issuer by day, its frozen reports and their lines, sent as messages.

Revision ID: 20261129_1241
Revises: 20261129_1240
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze
from migrations.rls import protect

revision = "20261129_1241"
down_revision = "20261129_1240"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
_FROZEN = (
    "legal_entity_id",
    "kind",
    "regime",
    "number",
    "first_on",
    "last_on",
    "due_on",
    "turn",
    "rectifies_id",
    "net_cents",
    "vat_cents",
    "gross_cents",
)
_LINE = (
    "report_id",
    "origin",
    "invoice_id",
    "number",
    '"on"',
    "is_business",
    "operation",
    "vat_category",
    "basis_points",
    "net_cents",
    "vat_cents",
    "gross_cents",
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


def _entity(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["legal_entity_id"], ["legal_entity.id"], name=f"fk_{table}_legal_entity_id"
    )


def upgrade() -> None:
    _table(
        "ereport_regime",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("regime", sa.String(20), nullable=False),
        sa.Column("confirmed", sa.String(300), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        _entity("ereport_regime"),
        sa.UniqueConstraint(
            "legal_entity_id", "valid_from", name="uq_ereport_regime_legal_entity_id_valid_from"
        ),
    )
    _table(
        "ereport",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("regime", sa.String(20), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("first_on", "last_on", "due_on")),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("rectifies_id", sa.Integer(), nullable=True),
        *(sa.Column(f"{name}_cents", sa.BigInteger(), nullable=False) for name in ("net", "vat", "gross")),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("sent_at", WHEN, nullable=True),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _entity("ereport"),
        sa.ForeignKeyConstraint(["rectifies_id"], ["ereport.id"], name="fk_ereport_rectifies_id"),
        sa.UniqueConstraint(
            "legal_entity_id",
            "kind",
            "first_on",
            "turn",
            name="uq_ereport_legal_entity_id_kind_first_on_turn",
        ),
        sa.UniqueConstraint("legal_entity_id", "number", name="uq_ereport_legal_entity_id_number"),
    )
    op.create_index("ix_ereport_due", "ereport", ["state", "due_on", "id"])
    freeze("ereport", _FROZEN)
    _table(
        "ereport_line",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("is_business", sa.Boolean(), nullable=False),
        sa.Column("operation", sa.String(4), nullable=False),
        sa.Column("vat_category", sa.String(2), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        *(sa.Column(f"{name}_cents", sa.BigInteger(), nullable=False) for name in ("net", "vat", "gross")),
        sa.ForeignKeyConstraint(["report_id"], ["ereport.id"], name="fk_ereport_line_report_id"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_ereport_line_invoice_id"),
        sa.UniqueConstraint(
            "origin", "vat_category", "basis_points", name="uq_ereport_line_origin_vat_category_basis_points"
        ),
    )
    op.create_index("ix_ereport_line_report_id", "ereport_line", ["report_id"])
    op.create_index("ix_ereport_line_invoice_id", "ereport_line", ["invoice_id"])
    freeze("ereport_line", _LINE)
    with op.batch_alter_table("platform_message") as table:
        table.alter_column("invoice_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("report_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_platform_message_report_id", "ereport", ["report_id"], ["id"])
        table.create_unique_constraint("uq_platform_message_report_id", ["report_id"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM platform_message WHERE report_id IS NOT NULL"))
    with op.batch_alter_table("platform_message") as table:
        table.drop_constraint("uq_platform_message_report_id", type_="unique")
        table.drop_constraint("fk_platform_message_report_id", type_="foreignkey")
        table.drop_column("report_id")
        table.alter_column("invoice_id", existing_type=sa.Integer(), nullable=False)
    for name in ("ereport_line", "ereport", "ereport_regime"):
        op.drop_table(name)
