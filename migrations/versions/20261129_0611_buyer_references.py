"""Purchase order, commitment number and service code of customers, orders, subscriptions and charges."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0611"
down_revision = "20261129_0610"
branch_labels = None
depends_on = None

_NAMES = ("purchase_order", "commitment_number", "service_code")
_TABLES = ("customer", "customer_order", "subscription", "charge")


def upgrade() -> None:
    for table in _TABLES:
        for name in _NAMES:
            op.add_column(table, sa.Column(name, sa.String(50), nullable=True))
    for name in _NAMES:
        column = sa.Column(f"requires_{name}", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column("customer", column)


def downgrade() -> None:
    for name in _NAMES:
        op.drop_column("customer", f"requires_{name}")
    for table in _TABLES:
        for name in _NAMES:
            op.drop_column(table, name)
