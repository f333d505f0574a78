"""Keys in number: lots, a reseller's stock, and pools of another vendor's keys.

Revision ID: 20261129_0960
Revises: 20261129_0950
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0960"
down_revision = "20261129_0950"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_TABLES = ("key_lot", "stock_key", "stock_level", "key_pool", "pool_key", "pool_wait")


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _instant(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _table(name: str, columns: list[sa.Column], references: dict[str, str], indexed: list[str], *more: object) -> None:
    keys = [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
        for column, table in {**references, "organisation_id": "organisation"}.items()
    ]
    op.create_table(
        name,
        *columns,
        _number("organisation_id"),
        sa.Column("org_path", _PATH, nullable=False),
        _number("id"),
        _text("uid", 16),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *keys,
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
    )
    for column in ("org_path", "organisation_id", *indexed):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    protect(name)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    op.add_column("activation_key", sa.Column("origin", sa.String(30), nullable=False, server_default=""))
    op.create_index(op.f("ix_activation_key_origin"), "activation_key", ["origin"])
    _table(
        "key_lot",
        [
            _number("product_id"),
            _number("customer_id", nullable=True),
            _text("subscription_uid", 16),
            _number("number"),
            _number("seats"),
            _number("issued"),
            _text("state", 40),
            _text("problem", 300),
            _instant("finished_at"),
        ],
        {"product_id": "product", "customer_id": "customer"},
        ["customer_id", "subscription_uid", "state"],
    )
    _table(
        "stock_key",
        [
            _number("lot_id"),
            _number("place"),
            _number("product_id"),
            _number("seats"),
            _text("code_sealed", 200),
            _text("code_index", 32),
            _text("state", 40),
            _text("order_uid", 16),
            _text("key_uid", 16),
        ],
        {"lot_id": "key_lot", "product_id": "product"},
        ["product_id", "state", "order_uid", "key_uid"],
        _unique("stock_key", "lot_id", "place"),
        _unique("stock_key", "code_index"),
    )
    _table(
        "stock_level",
        [_number("product_id"), _number("least")],
        {"product_id": "product"},
        [],
        _unique("stock_level", "organisation_id", "product_id"),
    )
    _table(
        "key_pool",
        [_number("product_id"), _number("least")],
        {"product_id": "product"},
        [],
        _unique("key_pool", "product_id"),
    )
    _table(
        "pool_key",
        [
            _number("pool_id"),
            _text("code_sealed", 200),
            _text("code_index", 32),
            _text("state", 40),
            _text("key_uid", 16),
            _instant("given_at"),
            _instant("withdrawn_at"),
        ],
        {"pool_id": "key_pool"},
        ["key_uid"],
        _unique("pool_key", "code_index"),
    )
    op.create_index("ix_pool_key_free", "pool_key", ["pool_id", "state", "id"])
    _table(
        "pool_wait",
        [_number("pool_id"), _number("order_id"), _number("subscription_id"), _number("quantity"), _text("state", 40)],
        {"pool_id": "key_pool", "order_id": "customer_order", "subscription_id": "subscription"},
        ["pool_id", "order_id", "subscription_id", "state"],
    )


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
    op.drop_index(op.f("ix_activation_key_origin"), "activation_key")
    op.drop_column("activation_key", "origin")
