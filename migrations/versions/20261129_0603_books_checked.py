"""What each verification of the books has found."""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import PLACES, columns_but, freeze_some
from migrations.rls import protect

revision = "20261129_0603"
down_revision = "20261129_0602"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "book_check",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("by_label", sa.String(200), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("heads", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_book_check_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_book_check_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_check")),
        sa.UniqueConstraint("uid", name=op.f("uq_book_check_uid")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_book_check_{name}"), "book_check", [name])
    op.create_index("ix_book_check_entity", "book_check", ["legal_entity_id", "id"])
    protect("book_check")
    freeze_some("book_check", "delete")
    freeze_some("book_check", "update", columns_but("book_check", PLACES))


def downgrade() -> None:
    op.drop_table("book_check")
