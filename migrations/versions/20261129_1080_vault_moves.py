"""Vaults move from one store to another.

Revision ID: 20261129_1080
Revises: 20261129_1071
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1080"
down_revision = "20261129_1071"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
TABLE = "vault_move"


def upgrade() -> None:
    op.add_column(
        "vault_home", sa.Column("is_moving", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        TABLE,
        sa.Column("home_id", sa.Integer(), nullable=False),
        sa.Column("from_store_id", sa.Integer(), nullable=False),
        sa.Column("to_store_id", sa.Integer(), nullable=False),
        sa.Column("old_location_sealed", sa.Text(), nullable=False),
        sa.Column("new_location_sealed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("began_at", WHEN, nullable=False),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("objects", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("snapshots_sha256", sa.String(64), nullable=False),
        sa.Column("switched_at", WHEN, nullable=True),
        sa.Column("first_ordered_by_id", sa.Integer(), nullable=True),
        sa.Column("ordered_by", sa.String(200), nullable=False),
        sa.Column("clear_from", WHEN, nullable=True),
        sa.Column("cleared_at", WHEN, nullable=True),
        sa.Column("cleared_objects", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["vault_home.id"], name="fk_vault_move_home_id"),
        sa.ForeignKeyConstraint(["from_store_id"], ["vault_store.id"], name="fk_vault_move_from_store_id"),
        sa.ForeignKeyConstraint(["to_store_id"], ["vault_store.id"], name="fk_vault_move_to_store_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_vault_move_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_vault_move"),
        sa.UniqueConstraint("uid", name="uq_vault_move_uid"),
    )
    for name in ("home_id", "org_path", "organisation_id"):
        op.create_index(f"ix_vault_move_{name}", TABLE, [name])
    protect(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("vault_home", "is_moving")
