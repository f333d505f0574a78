"""Electronic addresses: the directory of each issuer, what it says, and which one a customer's invoices bear.

Revision ID: 20261129_1240
Revises: 20261129_1200
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1240"
down_revision = "20261129_1200"
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


def _directory(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["directory_id"], ["eaddress_directory.id"], name=f"fk_{table}_directory_id"
    )


def upgrade() -> None:
    _table(
        "eaddress_directory",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("folder", sa.String(40), nullable=True),
        sa.Column("address_sealed", sa.Text(), nullable=True),
        sa.Column("token_sealed", sa.Text(), nullable=True),
        sa.Column("holds_back", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", WHEN, nullable=True),
        sa.Column("fault", sa.String(200), nullable=False),
        sa.Column("next_at", WHEN, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name="fk_eaddress_directory_legal_entity_id"
        ),
        sa.UniqueConstraint("legal_entity_id", name="uq_eaddress_directory_legal_entity_id"),
        sa.UniqueConstraint("folder", name="uq_eaddress_directory_folder"),
    )
    _table(
        "eaddress_line",
        sa.Column("directory_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(9), nullable=False),
        sa.Column("address", sa.String(125), nullable=False),
        sa.Column("siret", sa.String(14), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("platform", sa.String(140), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_through", sa.Date(), nullable=True),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("gone_at", WHEN, nullable=True),
        _directory("eaddress_line"),
        sa.UniqueConstraint("directory_id", "siren", "address", name="uq_eaddress_line_directory_id_siren_address"),
    )
    _table(
        "eaddress",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("directory_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(9), nullable=False),
        sa.Column("address", sa.String(125), nullable=False),
        sa.Column("chosen_by", sa.String(200), nullable=False),
        sa.Column("asked_at", WHEN, nullable=True),
        sa.Column("answered_at", WHEN, nullable=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_eaddress_customer_id"),
        _directory("eaddress"),
        sa.UniqueConstraint("customer_id", name="uq_eaddress_customer_id"),
    )
    op.create_index("ix_eaddress_asking", "eaddress", ["directory_id", "asked_at", "id"])
    op.create_index("ix_eaddress_siren", "eaddress", ["siren"])
    _table(
        "eaddress_file",
        sa.Column("directory_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("brought_by", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("is_moved", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _directory("eaddress_file"),
    )
    op.create_index("ix_eaddress_file_open", "eaddress_file", ["directory_id", "state", "id"])


def downgrade() -> None:
    for name in ("eaddress_file", "eaddress", "eaddress_line", "eaddress_directory"):
        op.drop_table(name)
