"""The register of processing activities: lines of the house's own, notes, and its versions.

Revision ID: 20261129_1131
Revises: 20261129_1130
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1131"
down_revision = "20261129_1130"
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
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    op.create_index(f"ix_{name}_org_path", name, ["org_path"])
    op.create_index(f"ix_{name}_organisation_id", name, ["organisation_id"])
    protect(name)


def upgrade() -> None:
    texts = ("purpose", "persons", "data", "recipients", "transfers", "retention", "measures", "note")
    _table(
        "processing_entry",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("ended_on", sa.Date(), nullable=True),
    )
    _table(
        "processing_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.UniqueConstraint(
            "organisation_id", "number", name="uq_processing_version_organisation_id_number"
        ),
    )


def downgrade() -> None:
    op.drop_table("processing_version")
    op.drop_table("processing_entry")
