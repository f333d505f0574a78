"""A contract passes to another customer: who asked, who consented, from which day.

Revision ID: 20261129_0970
Revises: 20261129_0960
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0970"
down_revision = "20261129_0960"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_TABLE = "contract_assignment"
_OPEN = sa.text("state in ('assignment_asked', 'assignment_submitted', 'assignment_agreed')")
_REFERENCES = {
    "subscription_id": "subscription",
    "transferor_id": "customer",
    "transferee_id": "customer",
    "document_id": "document",
    "organisation_id": "organisation",
}
_INDEXED = (
    "org_path",
    "organisation_id",
    "subscription_id",
    "transferor_id",
    "transferee_id",
    "state",
    "effective_on",
    "lapses_at",
)


def upgrade() -> None:
    op.add_column("subscription", sa.Column("held_since", sa.Date(), nullable=True))
    op.create_table(
        _TABLE,
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("transferor_id", sa.Integer(), nullable=False),
        sa.Column("transferee_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("refusal_reason", sa.String(300), nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frees", sa.Boolean(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{_TABLE}_{column}"))
            for column, table in _REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{_TABLE}_uid")),
    )
    for column in _INDEXED:
        op.create_index(op.f(f"ix_{_TABLE}_{column}"), _TABLE, [column])
    op.create_index(
        "uq_contract_assignment_open",
        _TABLE,
        ["subscription_id"],
        unique=True,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )
    protect(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.drop_column("subscription", "held_since")
