"""Tokens of partners, their kept answers, a reseller's permission, and a customer's number in its systems.

Revision ID: 20261129_1140
Revises: 20261129_1131
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1140"
down_revision = "20261129_1131"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _row() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
    ]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def _guard(table: str) -> None:
    op.create_index(f"ix_{table}_org_path", table, ["org_path"])
    op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
    protect(table)


def upgrade() -> None:
    op.create_table(
        "partner_token",
        *_row(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("expires_at", WHEN, nullable=False),
        sa.Column("last_used_at", WHEN, nullable=True),
        sa.Column("last_address", sa.String(45), server_default="", nullable=False),
        sa.Column("withdrawn_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_partner_token_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_partner_token_token_hash"),
        *_keys("partner_token"),
    )
    op.create_index("ix_partner_token_user_id", "partner_token", ["user_id"])
    _guard("partner_token")
    op.create_table(
        "partner_answer",
        *_row(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_partner_answer_user_id"),
        sa.UniqueConstraint("user_id", "key", name="uq_partner_answer_user_id_key"),
        *_keys("partner_answer"),
    )
    _guard("partner_answer")
    op.create_table(
        "partner_policy",
        *_row(),
        sa.Column("allows", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("organisation_id", name="uq_partner_policy_organisation_id"),
        *_keys("partner_policy"),
    )
    _guard("partner_policy")
    op.add_column("customer", sa.Column("partner_reference", sa.String(60), nullable=True))


def downgrade() -> None:
    op.drop_column("customer", "partner_reference")
    op.drop_table("partner_policy")
    op.drop_table("partner_answer")
    op.drop_table("partner_token")
