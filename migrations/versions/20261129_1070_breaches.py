"""Breaches of personal data, whom they touch, and by what each was told.

Revision ID: 20261129_1070
Revises: 20261129_1050
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from migrations.rls import protect

revision = "20261129_1070"
down_revision = "20261129_1050"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
TABLES = (
    "data_breach",
    "data_breach_customer",
    "data_breach_update",
    "data_breach_notice",
    "data_breach_call",
)


def upgrade() -> None:
    _table(
        "data_breach",
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("known_at", WHEN, nullable=False),
        *_parts(),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("authority_at", WHEN, nullable=True),
        sa.Column("authority_reference", sa.String(80), nullable=False),
        sa.Column("authority_why", sa.String(500), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("closed_at", WHEN, nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_data_breach_document_id"),
    )
    op.create_index("ix_data_breach_known", "data_breach", ["state", "known_at", "id"])
    _table(
        "data_breach_customer",
        *_of("data_breach_customer", breach_id="data_breach", customer_id="customer"),
        sa.Column("found_by", sa.String(200), nullable=False),
        sa.UniqueConstraint(
            "breach_id", "customer_id", name="uq_data_breach_customer_breach_id_customer_id"
        ),
    )
    _table(
        "data_breach_update",
        *_of("data_breach_update", breach_id="data_breach"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_parts(),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.UniqueConstraint("breach_id", "number", name="uq_data_breach_update_breach_id_number"),
    )
    _table(
        "data_breach_notice",
        *_of("data_breach_notice", update_id="data_breach_update", customer_id="customer"),
        sa.Column("mail_uid", sa.String(16), nullable=False),
        sa.UniqueConstraint("update_id", "customer_id", name="uq_data_breach_notice_update_id_customer_id"),
    )
    op.create_index("ix_data_breach_notice_mail_uid", "data_breach_notice", ["mail_uid"])
    _table(
        "data_breach_call",
        *_of("data_breach_call", breach_id="data_breach", customer_id="customer"),
        sa.Column("called_at", WHEN, nullable=False),
        sa.Column("spoken_with", sa.String(140), nullable=False),
        sa.Column("is_reached", sa.Boolean(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
    )
    for table, names in (
        ("data_breach_customer", ("breach_id", "customer_id")),
        ("data_breach_update", ("breach_id",)),
        ("data_breach_notice", ("update_id", "customer_id")),
        ("data_breach_call", ("breach_id", "customer_id")),
    ):
        for name in names:
            op.create_index(f"ix_{table}_{name}", table, [name])
    for table in TABLES:
        protect(table)


def _parts() -> list[sa.Column[str]]:
    names = ("nature", "contact", "consequences", "measures")
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _of(table: str, **targets: str) -> list[SchemaItem]:
    """Columns that name rows of other tables."""
    found: list[SchemaItem] = []
    for name, target in targets.items():
        found.append(sa.Column(name, sa.Integer(), nullable=False))
        found.append(sa.ForeignKeyConstraint([name], [f"{target}.id"], name=f"fk_{table}_{name}"))
    return found


def _table(name: str, *own: SchemaItem) -> None:
    op.create_table(
        name,
        *own,
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=f"fk_{name}_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("uid", name=f"uq_{name}_uid"),
    )
    op.create_index(f"ix_{name}_org_path", name, ["org_path"])
    op.create_index(f"ix_{name}_organisation_id", name, ["organisation_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
