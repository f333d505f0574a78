"""Customers go from one reseller to another: transfers, and evidence that moves without being changed."""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze_all_but_place, freeze_place_too
from migrations.rls import protect

revision = "20261128_2133"
down_revision = "20261128_2132"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)
_MOVES = ("amendment", "invoice_line", "journal_entry", "custody_note", "mandate_event", "acceptance")


def upgrade() -> None:
    op.create_table(
        "transfer",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("giver_id", sa.Integer(), nullable=False),
        sa.Column("taker_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("lapses_at", _AT, nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("refusal_reason", sa.String(300), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_transfer_customer_id")),
        sa.ForeignKeyConstraint(["giver_id"], ["organisation.id"], name=op.f("fk_transfer_giver_id")),
        sa.ForeignKeyConstraint(["taker_id"], ["organisation.id"], name=op.f("fk_transfer_taker_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_transfer_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("uid", name=op.f("uq_transfer_uid")),
    )
    for column in ("customer_id", "state", "lapses_at", "organisation_id", "org_path"):
        op.create_index(op.f(f"ix_transfer_{column}"), "transfer", [column])
    protect("transfer")
    for table in _MOVES:
        freeze_all_but_place(table)


def downgrade() -> None:
    for table in _MOVES:
        freeze_place_too(table)
    for column in ("org_path", "organisation_id", "lapses_at", "state", "customer_id"):
        op.drop_index(op.f(f"ix_transfer_{column}"), table_name="transfer")
    op.drop_table("transfer")
