"""Webhooks: addresses of partners' systems, and what is told to each.

Revision ID: 20261129_1160
Revises: 20261129_1151
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1160"
down_revision = "20261129_1151"
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
        "webhook",
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("host", sa.String(255), nullable=False),
        *(sa.Column(f"{name}_sealed", sa.Text(), nullable=True) for name in ("address", "key", "old_key")),
        sa.Column("old_until", WHEN, nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.Column("next_at", WHEN, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", WHEN, nullable=True),
        sa.Column("busy_until", WHEN, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_webhook_state", "webhook", ["state"])
    op.create_index("ix_webhook_next_at", "webhook", ["next_at"])
    _table(
        "webhook_event",
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("entry_uid", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(80), nullable=False),
        sa.Column("tried_at", WHEN, nullable=True),
        sa.Column("sent_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_webhook_event_webhook_id"),
        sa.UniqueConstraint("webhook_id", "entry_uid", name="uq_webhook_event_webhook_id_entry_uid"),
    )
    op.create_index("ix_webhook_event_waiting", "webhook_event", ["webhook_id", "sent_at", "id"])


def downgrade() -> None:
    op.drop_table("webhook_event")
    op.drop_table("webhook")
