"""Months worked out before they are billed."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0420"
down_revision = "20261129_0410"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def _table(name: str, references: dict[str, str], *columns: sa.Column) -> None:
    op.create_table(
        name,
        *(sa.Column(each, sa.Integer(), nullable=False) for each in references),
        *columns,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([each], [f"{other}.id"], name=op.f(f"fk_{name}_{each}"))
            for each, other in {**references, "organisation_id": "organisation"}.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
    )
    for column in ("organisation_id", "org_path"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    protect(name)


def _cents(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _whole(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    _table(
        "run_preview",
        {"legal_entity_id": "legal_entity"},
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        _whole("customers"),
        _whole("odd"),
        _whole("debits"),
        _cents("gross_cents"),
        _cents("before_cents"),
    )
    op.create_index(op.f("ix_run_preview_legal_entity_id"), "run_preview", ["legal_entity_id"])
    _table(
        "preview_line",
        {"preview_id": "run_preview", "customer_id": "customer"},
        _cents("gross_cents"),
        _cents("before_cents"),
        sa.Column("is_odd", sa.Boolean(), nullable=False),
        sa.Column("odd", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
    )
    op.create_index("ix_preview_line_preview", "preview_line", ["preview_id", "is_odd", "id"])
    op.create_index(op.f("ix_preview_line_customer_id"), "preview_line", ["customer_id"])


def downgrade() -> None:
    op.drop_table("preview_line")
    op.drop_table("run_preview")
