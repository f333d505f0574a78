"""The e-invoicing platform of each issuer, what is said to it, and what it says.

Revision ID: 20261129_1181
Revises: 20261129_1180
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1181"
down_revision = "20261129_1180"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


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


def upgrade() -> None:
    _table(
        "platform",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("send_from", sa.Date(), nullable=True),
        sa.Column("folder", sa.String(40), nullable=True),
        sa.Column("address_sealed", sa.Text(), nullable=True),
        sa.Column("token_sealed", sa.Text(), nullable=True),
        sa.Column("cursor", sa.String(200), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", WHEN, nullable=True),
        sa.Column("fault", sa.String(200), nullable=False),
        sa.Column("next_at", WHEN, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name="fk_platform_legal_entity_id"),
        sa.UniqueConstraint("legal_entity_id", name="uq_platform_legal_entity_id"),
        sa.UniqueConstraint("folder", name="uq_platform_folder"),
    )
    _table(
        "platform_message",
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("einvoice_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("sent_at", WHEN, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=f"fk_platform_message_{to}_id")
            for to in ("platform", "invoice", "einvoice", "payment")
        ),
        sa.UniqueConstraint("einvoice_id", name="uq_platform_message_einvoice_id"),
        sa.UniqueConstraint("payment_id", name="uq_platform_message_payment_id"),
    )
    op.create_index("ix_platform_message_invoice_id", "platform_message", ["invoice_id"])
    op.create_index("ix_platform_message_queue", "platform_message", ["platform_id", "state", "id"])
    _table(
        "platform_status",
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("code", sa.String(3), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("closed_by", sa.String(200), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=f"fk_platform_status_{to}_id")
            for to in ("platform", "invoice")
        ),
        sa.UniqueConstraint("platform_id", "key", name="uq_platform_status_platform_id_key"),
    )
    op.create_index("ix_platform_status_invoice_id", "platform_status", ["invoice_id"])


def downgrade() -> None:
    op.drop_table("platform_status")
    op.drop_table("platform_message")
    op.drop_table("platform")
