"""Tickets: what customers declare, with messages, waits and ready texts.

Revision ID: 20261129_1030
Revises: 20261129_1020
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1030"
down_revision = "20261129_1020"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    op.create_table(
        "ticket",
        _text("number", 35),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        _text("kind", 40),
        sa.Column("severity", sa.Integer(), nullable=True),
        _text("subject", 140),
        _text("state", 40),
        _text("source", 40),
        _text("caller", 70),
        _text("caller_check", 120),
        sa.Column("known_on", sa.Date(), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        *(sa.Column(f"{name}_at", WHEN, nullable=True) for name in _INSTANTS),
        sa.Column("told_by", sa.String(40), nullable=True),
        _text("told_to", 120),
        sa.Column("missed", sa.JSON(), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        _text("taken_by", 200),
        sa.Column("report_text", sa.Text(), nullable=False),
        _text("report_uid", 16),
        _text("follows_uid", 16),
        sa.Column("version", sa.Integer(), nullable=False),
        *_common("ticket"),
        *(_to("ticket", name) for name in ("legal_entity", "customer", "subscription", "machine")),
        sa.UniqueConstraint("legal_entity_id", "number", name="uq_ticket_legal_entity_id_number"),
    )
    op.create_table(
        "ticket_message",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        _text("side", 40),
        sa.Column("text", sa.Text(), nullable=False),
        _text("by_label", 200),
        _text("message_id", 300),
        sa.Column("message_key", sa.String(64), nullable=True),
        *_common("ticket_message"),
        _to("ticket_message", "ticket"),
        sa.UniqueConstraint("message_key", name="uq_ticket_message_message_key"),
    )
    op.create_table(
        "ticket_wait",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", WHEN, nullable=False),
        sa.Column("answered_at", WHEN, nullable=True),
        *_common("ticket_wait"),
        _to("ticket_wait", "ticket"),
    )
    op.create_table("ticket_text", _text("name", 80), sa.Column("text", sa.Text(), nullable=False), *_common("ticket_text"))
    for table, columns in _INDEXES.items():
        for column in (*columns, "organisation_id", "org_path"):
            op.create_index(f"ix_{table}_{column}", table, [column])
        protect(table)
    op.create_index("ix_ticket_state", "ticket", ["state", "id"])
    op.create_index("ix_ticket_due", "ticket", ["due_at", "id"])
    op.create_index("ix_ticket_number", "ticket", ["number"])


_INSTANTS = ("confirmed", "answered", "interrupted", "restored", "closed", "contested", "due", "reported")
_INDEXES = {
    "ticket": ("customer_id", "subscription_id", "machine_id", "taken_by_id"),
    "ticket_message": ("ticket_id",),
    "ticket_wait": ("ticket_id",),
    "ticket_text": (),
}


def _to(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")


def _common(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    ]


def downgrade() -> None:
    for table in reversed(_INDEXES):
        op.drop_table(table)
