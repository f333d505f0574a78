"""Stores are described, vaults are made in them, and a vault knows its locks.

Revision ID: 20261129_1010
Revises: 20261129_0980
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1010"
down_revision = "20261129_0991"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("vault", sa.Column("awaits_first", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("vault", sa.Column("locks", sa.Integer(), nullable=True))
    op.add_column("vault", sa.Column("locked_since", WHEN, nullable=True))
    op.create_table(
        "vault_store",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("door", sa.String(300), nullable=False),
        sa.Column("inner", sa.String(300), nullable=False),
        sa.Column("maintenance_door", sa.String(300), nullable=False, server_default=""),
        sa.Column("operator", sa.String(140), nullable=False),
        sa.Column("place", sa.String(140), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("immutable_days", sa.Integer(), nullable=True),
        sa.Column("for_health_data", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        *_common("vault_store"),
        sa.UniqueConstraint("name", name="uq_vault_store_name"),
    )
    op.create_table(
        "vault_home",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=True),
        sa.Column("vault_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("user", sa.String(40), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.String(80), nullable=False, server_default=""),
        sa.Column("secret_made_at", WHEN, nullable=True),
        sa.Column("shown_at", WHEN, nullable=True),
        sa.Column("shown_to", sa.String(200), nullable=False, server_default=""),
        sa.Column("access_key_sealed", sa.Text(), nullable=True),
        sa.Column("access_key_index", sa.String(32), nullable=True),
        sa.Column("quota_gb", sa.Integer(), nullable=True),
        sa.Column("warned_percent", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common("vault_home"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_vault_home_customer_id"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_vault_home_subscription_id"),
        sa.ForeignKeyConstraint(["store_id"], ["vault_store.id"], name="fk_vault_home_store_id"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_vault_home_vault_id"),
        sa.UniqueConstraint("subscription_id", name="uq_vault_home_subscription_id"),
        sa.UniqueConstraint("vault_id", name="uq_vault_home_vault_id"),
        sa.UniqueConstraint("user", name="uq_vault_home_user"),
        sa.UniqueConstraint("access_key_index", name="uq_vault_home_access_key_index"),
    )
    op.create_table(
        "vault_maintenance",
        sa.Column("home_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("until", WHEN, nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("closed_at", WHEN, nullable=True),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common("vault_maintenance"),
        sa.ForeignKeyConstraint(["home_id"], ["vault_home.id"], name="fk_vault_maintenance_home_id"),
    )
    for table, columns in _INDEXES.items():
        for column in (*columns, "organisation_id", "org_path"):
            op.create_index(f"ix_{table}_{column}", table, [column])
        protect(table, seen_from_below=table == "vault_store")


_INDEXES = {"vault_store": (), "vault_home": ("customer_id", "store_id"), "vault_maintenance": ("home_id",)}


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
    for column in ("locked_since", "locks", "awaits_first"):
        op.drop_column("vault", column)
