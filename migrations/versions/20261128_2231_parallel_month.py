"""The month of a former system is compared with the one here."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2231"
down_revision = "20261128_2230"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)
_SIDES = [f"{side}_{amount}" for side in ("here", "there") for amount in ("net", "vat", "gross")]


def _common(name: str, **references: str) -> list:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, table in references.items()
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
    ]


def upgrade() -> None:
    op.create_table(
        "parallel_month",
        sa.Column("moving_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        *_common("parallel_month", moving_id="moving", document_id="document"),
    )
    op.create_table(
        "parallel_line",
        sa.Column("month_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(60), nullable=False),
        sa.Column("customer_uid", sa.String(16), nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        *(sa.Column(each, sa.BigInteger(), nullable=True) for each in _SIDES),
        *_common("parallel_line", month_id="parallel_month"),
    )
    for table in ("parallel_month", "parallel_line"):
        for column in ("organisation_id", "org_path"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
        protect(table)
    op.create_index(op.f("ix_parallel_month_moving_id"), "parallel_month", ["moving_id"])
    op.create_index("ix_parallel_line_month", "parallel_line", ["month_id", "rank", "id"])


def downgrade() -> None:
    op.drop_table("parallel_line")
    op.drop_table("parallel_month")
