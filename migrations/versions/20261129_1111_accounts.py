"""Accounts that an issuer's accountant chose, by day.

Revision ID: 20261129_1111
Revises: 20261129_1110
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1111"
down_revision = "20261129_1110"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "book_account",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_book_account_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name="fk_book_account_legal_entity_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_book_account"),
        sa.UniqueConstraint("legal_entity_id", "use", "since", name="uq_book_account_legal_entity_id_use_since"),
        sa.UniqueConstraint("uid", name="uq_book_account_uid"),
    )
    op.create_index("ix_book_account_org_path", "book_account", ["org_path"])
    op.create_index("ix_book_account_organisation_id", "book_account", ["organisation_id"])
    protect("book_account")


def downgrade() -> None:
    op.drop_table("book_account")
