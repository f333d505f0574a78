"""The bank door: the folder of each creditor, and every file that has passed through it.

Revision ID: 20261129_1180
Revises: 20261129_1170
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1180"
down_revision = "20261129_1170"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _table(name: str, *columns: Any) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("version", sa.Integer(), nullable=False),
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
        "bank_door",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(40), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fault", sa.String(300), nullable=False),
        sa.Column("fault_since", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name="fk_bank_door_legal_entity_id"),
        sa.UniqueConstraint("legal_entity_id", name="uq_bank_door_legal_entity_id"),
        sa.UniqueConstraint("folder", name="uq_bank_door_folder"),
    )
    _table(
        "door_file",
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("is_moved", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("refund_file_id", sa.Integer(), nullable=True),
        sa.Column("bank_file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["door_id"], ["bank_door.id"], name="fk_door_file_door_id"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_door_file_batch_id"),
        sa.ForeignKeyConstraint(["refund_file_id"], ["refund_file.id"], name="fk_door_file_refund_file_id"),
        sa.ForeignKeyConstraint(["bank_file_id"], ["bank_file.id"], name="fk_door_file_bank_file_id"),
        sa.UniqueConstraint("batch_id", name="uq_door_file_batch_id"),
        sa.UniqueConstraint("refund_file_id", name="uq_door_file_refund_file_id"),
    )
    op.create_index("ix_door_file_open", "door_file", ["door_id", "state", "id"])
    op.create_index("ix_door_file_bank_file_id", "door_file", ["bank_file_id"])


def downgrade() -> None:
    op.drop_table("door_file")
    op.drop_table("bank_door")
