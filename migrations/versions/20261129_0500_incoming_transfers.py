"""Transfers that came in, what each was booked on, and how many a bank file held."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0500"
down_revision = "20261129_0420"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def _table(name: str, *columns: sa.Column, to: tuple[str, ...], unique: tuple[tuple[str, ...], ...]) -> None:
    """A table of a tenant. to: tables that ``<table>_id`` leads to."""
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, table in ((f"{each.removeprefix('incoming_')}_id", each) for each in to)
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*each, name=op.f(f"uq_{name}_{'_'.join(each)}")) for each in unique),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
    )
    for column in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    protect(name)


def upgrade() -> None:
    _table(
        "incoming_transfer",
        sa.Column("bank_file_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer()),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(24), nullable=False),
        sa.Column("payer", sa.String(140), nullable=False),
        sa.Column("payer_word", sa.String(140), nullable=False),
        sa.Column("iban_sealed", sa.String(300)),
        sa.Column("iban_index", sa.String(32)),
        sa.Column("iban_masked", sa.String(24), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("reference", sa.String(140), nullable=False),
        sa.Column("end_to_end_id", sa.String(35), nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        to=("bank_file", "legal_entity", "customer", "organisation"),
        unique=(("legal_entity_id", "key"),),
    )
    for column in ("bank_file_id", "customer_id", "payer_word", "iban_index"):
        op.create_index(op.f(f"ix_incoming_transfer_{column}"), "incoming_transfer", [column])
    op.create_index("ix_incoming_transfer_queue", "incoming_transfer", ["state", "id"])
    _table(
        "transfer_booking",
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("reversed_on", sa.Date()),
        to=("incoming_transfer", "payment", "invoice", "organisation"),
        unique=(("payment_id",),),
    )
    for column in ("transfer_id", "invoice_id"):
        op.create_index(op.f(f"ix_transfer_booking_{column}"), "transfer_booking", [column])
    op.add_column("bank_file", sa.Column("transfers", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("bank_file", "transfers")
    op.drop_table("transfer_booking")
    op.drop_table("incoming_transfer")
