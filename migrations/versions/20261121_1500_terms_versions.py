"""terms versions"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze

revision = "c01"
down_revision = "a01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms_version",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("publisher", sa.String(140), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("uploaded_by", sa.String(200), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("owner_path", sa.String(200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["organisation.id"], name=op.f("fk_terms_version_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_version")),
        sa.UniqueConstraint("uid", name=op.f("uq_terms_version_uid")),
        sa.UniqueConstraint("version", name=op.f("uq_terms_version_version")),
    )
    op.create_index(op.f("ix_terms_version_code"), "terms_version", ["code"])
    # What people were told of and accepted is never changed; a draft may still be.
    freeze(
        "terms_version",
        ("code", "version", "kind", "title", "publisher", "text", "sha256", "published_on", "effective_on",
         "uploaded_by", "uploaded_at"),
        when="OLD.state <> 'draft'",
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_terms_version_code"), table_name="terms_version")
    op.drop_table("terms_version")
