"""Vaults are verified without their key, and a month of backups has its pack of evidence.

Revision ID: 20261129_1020
Revises: 20261129_1011
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1020"
down_revision = "20261129_1011"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
_INDEXES = {"vault_verification": ("vault_id",), "evidence_pack": ("customer_id",)}


def upgrade() -> None:
    op.create_table(
        "vault_verification",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("ended_at", WHEN, nullable=True),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("fault", sa.String(40), nullable=False),
        *_common("vault_verification"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_vault_verification_vault_id"),
    )
    op.create_table(
        "evidence_pack",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        *_common("evidence_pack"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_evidence_pack_customer_id"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_evidence_pack_document_id"),
        sa.UniqueConstraint("customer_id", "month", name="uq_evidence_pack_customer_id_month"),
    )
    for table, columns in _INDEXES.items():
        for column in (*columns, "organisation_id", "org_path"):
            op.create_index(f"ix_{table}_{column}", table, [column])
        protect(table)


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def downgrade() -> None:
    for table in reversed(_INDEXES):
        op.drop_table(table)
