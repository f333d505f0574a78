"""Changes of a creditor that wait for a second person and their hour; the day on which a bank file was taken."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0600"
down_revision = "20261129_0501"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_OPEN = sa.text("state IN ('asked', 'agreed')")


def upgrade() -> None:
    op.create_table(
        "creditor_change",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("values_sealed", sa.Text(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("agreed_by_id", sa.Integer()),
        sa.Column("agreed_by", sa.String(200), nullable=False),
        sa.Column("counts_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_creditor_change_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_creditor_change_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creditor_change")),
        sa.UniqueConstraint("uid", name=op.f("uq_creditor_change_uid")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_creditor_change_{name}"), "creditor_change", [name])
    op.create_index("ix_creditor_change_state", "creditor_change", ["state", "id"])
    op.create_index(
        "uq_creditor_change_open",
        "creditor_change",
        ["legal_entity_id"],
        unique=True,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )
    protect("creditor_change")
    op.add_column("batch", sa.Column("left_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("batch", "left_on")
    op.drop_table("creditor_change")
