"""People sign up on the web, and try an offer before they pay for it.

Revision ID: 20261129_0950
Revises: 20261129_0941
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0950"
down_revision = "20261129_0941"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _settings()
    _offer()
    _sign_up()
    _trial()
    for table in ("sign_up_settings", "sign_up_offer"):
        protect(table, seen_from_below=True)
    for table in ("sign_up", "trial"):
        protect(table)


def downgrade() -> None:
    for table in ("trial", "sign_up", "sign_up_offer", "sign_up_settings"):
        op.drop_table(table)


def _make(table: str, *own: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        *own,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    )
    for column in ("organisation_id", "org_path"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _towards(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default="")


def _off(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _settings() -> None:
    _make(
        "sign_up_settings",
        _off("is_open"),
        sa.Column("house_id", sa.Integer(), nullable=True),
        sa.Column("erase_days", sa.Integer(), nullable=False),
        sa.Column("warn_days", sa.Integer(), nullable=False),
        _towards("sign_up_settings", "house_id", "organisation"),
    )


def _offer() -> None:
    _make(
        "sign_up_offer",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("trial_seats", sa.Integer(), nullable=False),
        _off("may_order"),
        _off("may_ask"),
        _towards("sign_up_offer", "product_id", "product"),
        sa.UniqueConstraint("product_id", name="uq_sign_up_offer_product_id"),
    )


def _sign_up() -> None:
    _make(
        "sign_up",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("entry_sealed", sa.Text(), nullable=False),
        _text("signer_name", 70),
        _text("signer_role", 70),
        sa.Column("shown", sa.Text(), nullable=False, server_default=""),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        _text("held_because", 500),
        _text("dismissed_because", 300),
        _text("outcome_uid", 16),
        _towards("sign_up", "product_id", "product"),
        _towards("sign_up", "customer_id", "customer"),
    )
    op.create_index("ix_sign_up_state", "sign_up", ["state", "id"])
    op.create_index("ix_sign_up_customer_id", "sign_up", ["customer_id"])


def _trial() -> None:
    _make(
        "trial",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("product_name", sa.String(length=140), nullable=False),
        sa.Column("terms_stack", sa.String(length=40), nullable=False),
        sa.Column("terms_versions", sa.JSON(), nullable=False),
        sa.Column("address_sealed", sa.String(length=500), nullable=False),
        sa.Column("address_index", sa.String(length=32), nullable=False),
        _text("key_uid", 16),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("warned_on", sa.Date(), nullable=True),
        sa.Column("extended_on", sa.Date(), nullable=True),
        _text("extended_because", 300),
        _text("order_uid", 16),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _towards("trial", "customer_id", "customer"),
        _towards("trial", "product_id", "product"),
        sa.UniqueConstraint("address_index", "product_id", name="uq_trial_address_index_product_id"),
    )
    op.create_index("ix_trial_state", "trial", ["state", "ends_on", "id"])
    op.create_index("ix_trial_customer_id", "trial", ["customer_id"])
    op.create_index("ix_trial_order_uid", "trial", ["order_uid"])
