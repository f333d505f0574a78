"""Yearly drills of vaults: a file restored, an exit rehearsed.

Revision ID: 20261129_1081
Revises: 20261129_1080
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1081"
down_revision = "20261129_1080"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _tenant(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=f"fk_{table}_vault_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def upgrade() -> None:
    op.create_table(
        "drill_plan",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        *_tenant("drill_plan"),
        sa.UniqueConstraint("vault_id", name="uq_drill_plan_vault_id"),
    )
    op.create_table(
        "vault_drill",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("seed", sa.String(32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("opening_uid", sa.String(16), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", WHEN, nullable=True),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("drawn_from", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("vault_bytes", sa.BigInteger(), nullable=True),
        sa.Column("millis", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("ended_at", WHEN, nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_tenant("vault_drill"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_vault_drill_document_id"),
        sa.UniqueConstraint("vault_id", "kind", "due_on", name="uq_vault_drill_vault_id_kind_due_on"),
    )
    op.create_index("ix_vault_drill_vault_id", "vault_drill", ["vault_id"])
    for table in ("drill_plan", "vault_drill"):
        for name in ("org_path", "organisation_id"):
            op.create_index(f"ix_{table}_{name}", table, [name])
        protect(table)


def downgrade() -> None:
    op.drop_table("vault_drill")
    op.drop_table("drill_plan")
