"""Agreements about the data that a customer entrusts: their versions, and who signed them.

Revision ID: 20261129_1145
Revises: 20261129_1140
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1145"
down_revision = "20261129_1140"
branch_labels = None
depends_on = None

NAME = "processing_agreement"
PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signer_name", sa.String(70), nullable=True),
        sa.Column("signer_role", sa.String(70), nullable=True),
        sa.Column("shown", sa.String(400), nullable=True),
        sa.Column("refusal_reason", sa.String(300), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=f"fk_{NAME}_customer_id"),
        sa.ForeignKeyConstraint(["proof_id"], ["document.id"], name=f"fk_{NAME}_proof_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{NAME}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{NAME}"),
        sa.UniqueConstraint("uid", name=f"uq_{NAME}_uid"),
        sa.UniqueConstraint("customer_id", "contract", "number", name=f"uq_{NAME}_customer_id_contract_number"),
    )
    for column in ("customer_id", "state", "org_path", "organisation_id"):
        op.create_index(f"ix_{NAME}_{column}", NAME, [column])
    protect(NAME)


def downgrade() -> None:
    op.drop_table(NAME)
