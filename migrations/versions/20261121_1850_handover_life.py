"""quotes, sealed copies, losses and certificates of a handover"""

import sqlalchemy as sa
from alembic import op

revision = "i01"
down_revision = "h01"
branch_labels = None
depends_on = None

# (column, type, value of the rows that exist; None for a column that may be empty)
COLUMNS = [
    ("form", sa.String(40), "readable"),
    ("quote_cents", sa.BigInteger(), None),
    ("quoted_at", sa.DateTime(timezone=True), None),
    ("quote_accepted_at", sa.DateTime(timezone=True), None),
    ("quote_accepted_by", sa.String(254), ""),
    ("paid_on", sa.Date(), None),
    ("unreadable", sa.BigInteger(), None),
    ("with_losses", sa.Boolean(), sa.false()),
    ("return_number", sa.String(35), ""),
    ("return_certificate_id", sa.Integer(), None),
    ("first_released_by_id", sa.Integer(), None),
    ("first_released_by", sa.String(200), ""),
]


def upgrade() -> None:
    with op.batch_alter_table("reversibility_case") as batch:
        for name, kind, value in COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=value is None, server_default=value))
        batch.create_foreign_key(
            "fk_reversibility_case_return_certificate_id", "document", ["return_certificate_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("reversibility_case") as batch:
        batch.drop_constraint("fk_reversibility_case_return_certificate_id", type_="foreignkey")
        for name, _kind, _value in reversed(COLUMNS):
            batch.drop_column(name)
