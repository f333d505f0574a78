"""What was bought for a customer follows her when two files of one customer become one.

Revision ID: 20261130_1350
Revises: 20261129_1211
"""

from migrations.immutable import freeze_some

revision = "20261130_1350"
down_revision = "20261129_1211"
branch_labels = None
depends_on = None

_TABLE = "wholesale_line"
_SAYS = (
    *("month", "charge_id", "bought_by_id", "customer_id", "customer_name"),
    *("subscription_uid", "label", "quantity", "unit_cents"),
)


def upgrade() -> None:
    freeze_some(_TABLE, "update", tuple(each for each in _SAYS if each != "customer_id"))


def downgrade() -> None:
    freeze_some(_TABLE, "update", _SAYS)
