"""Events that end a contract by nature, each with its document and its letter.

Revision ID: 20261129_0971
Revises: 20261129_0970
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0971"
down_revision = "20261129_0970"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_TABLE = "end_by_nature"
_REFERENCES = {"subscription_id": "subscription", "document_id": "document", "organisation_id": "organisation"}


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("by_provider", sa.Boolean(), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=False),
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
    for column in ("org_path", "organisation_id", "subscription_id", "state"):
        op.create_index(op.f(f"ix_{_TABLE}_{column}"), _TABLE, [column])
    protect(_TABLE)


def downgrade() -> None:
    op.drop_table(_TABLE)
