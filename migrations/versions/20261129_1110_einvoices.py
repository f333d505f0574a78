"""From which day an issuer's invoices are e-invoices, and what the rules said of each.

Revision ID: 20261129_1110
Revises: 20261129_1100
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1110"
down_revision = "20261129_1100"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _tenant(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.create_table(
        "einvoicing",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("issue_from", sa.Date(), nullable=True),
        *_tenant("einvoicing"),
        _to("einvoicing", "legal_entity_id", "legal_entity"),
        sa.UniqueConstraint("legal_entity_id", name="uq_einvoicing_legal_entity_id"),
    )
    op.create_table(
        "einvoice",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(3), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("xml_sha256", sa.String(64), nullable=False),
        sa.Column("closed_why", sa.String(300), nullable=False, server_default=""),
        *_tenant("einvoice"),
        _to("einvoice", "legal_entity_id", "legal_entity"),
        _to("einvoice", "customer_id", "customer"),
        _to("einvoice", "invoice_id", "invoice"),
        _to("einvoice", "document_id", "document"),
        sa.UniqueConstraint("document_id", name="uq_einvoice_document_id"),
    )
    op.create_index("ix_einvoice_invoice_id", "einvoice", ["invoice_id"])
    op.create_index("ix_einvoice_state", "einvoice", ["state"])
    for table in ("einvoicing", "einvoice"):
        op.create_index(f"ix_{table}_org_path", table, ["org_path"])
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
    protect("einvoicing", seen_from_below=True)
    protect("einvoice")


def downgrade() -> None:
    op.drop_table("einvoice")
    op.drop_table("einvoicing")
