"""Closed months and years."""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import PLACES, columns_but, freeze_some
from migrations.rls import protect

revision = "20261129_0604"
down_revision = "20261129_0603"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_OF = ("legal_entity", "document", "organisation")


def upgrade() -> None:
    op.create_table(
        "closing",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("heads", sa.JSON(), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=False),
        sa.Column("closed_by", sa.String(200), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{each}_id"], [f"{each}.id"], name=op.f(f"fk_closing_{each}_id"))
            for each in _OF
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing")),
        sa.UniqueConstraint("uid", name=op.f("uq_closing_uid")),
        sa.UniqueConstraint("legal_entity_id", "period", name=op.f("uq_closing_legal_entity_id_period")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_closing_{name}"), "closing", [name])
    protect("closing", seen_from_below=True)
    freeze_some("closing", "delete")
    freeze_some("closing", "update", columns_but("closing", PLACES))


def downgrade() -> None:
    op.drop_table("closing")
