"""Work beside the plan: its price grid, its quote, its day, its hours and its bill.

Revision ID: 20261129_0991
Revises: 20261129_0990
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0991"
down_revision = "20261129_0990"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
AT = sa.DateTime(timezone=True)


def _table(name: str, *columns: sa.Column | sa.Constraint, indexes: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    for column in ("organisation_id", "org_path", *indexes):
        op.create_index(f"ix_{name}_{column}", name, [column])


def upgrade() -> None:
    _table(
        "work_price",
        sa.Column("item", sa.String(40), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.UniqueConstraint("organisation_id", "item", "effective_on", name="uq_work_price_organisation_id_item_effective_on"),
        indexes=(),
    )
    protect("work_price", seen_from_below=True)
    _table(
        "work_order",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("subscription_uid", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_uid", sa.String(16), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("is_accident", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("quoted_at", AT, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("accepted_at", AT, nullable=True),
        sa.Column("accepted_by", sa.String(254), nullable=False),
        sa.Column("refused_why", sa.String(300), nullable=False),
        sa.Column("planned_at", AT, nullable=True),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("technician", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("done_at", AT, nullable=True),
        sa.Column("checked_at", AT, nullable=True),
        sa.Column("checked_by", sa.String(200), nullable=False),
        sa.Column("billed_cents", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_work_order_customer_id"),
        indexes=("customer_id", "subject_uid"),
    )
    protect("work_order")
    _table(
        "work_line",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name="fk_work_line_order_id"),
        indexes=("order_id",),
    )
    protect("work_line")


def downgrade() -> None:
    for name in ("work_line", "work_order", "work_price"):
        op.drop_table(name)
