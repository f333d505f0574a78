"""Directories: the single sign-on of a house, and who of its people is who there.

Revision ID: 20261129_1200
Revises: 20261129_1190
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1200"
down_revision = "20261129_1190"
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
        "directory",
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        *(sa.Column(f"{name}_url", sa.String(500), nullable=False) for name in ("authorize", "token", "keys")),
        sa.Column("role_claim", sa.String(60), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("is_on", "is_only", "wants_factor")),
        sa.Column("read_at", WHEN, nullable=False),
        sa.UniqueConstraint("organisation_id", name="uq_directory_organisation"),
    )
    _table(
        "directory_identity",
        sa.Column("directory_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directory.id"], name="fk_directory_identity_directory_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_directory_identity_user_id"),
        sa.UniqueConstraint("directory_id", "subject", name="uq_directory_identity_subject"),
        sa.UniqueConstraint("user_id", name="uq_directory_identity_user"),
    )


def downgrade() -> None:
    op.drop_table("directory_identity")
    op.drop_table("directory")
