"""what a numbered paper says is frozen with its number, and printed later"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze
from migrations.rls import protect

revision = "20261128_1130"
down_revision = "20261128_1105"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "paper",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("followers", sa.JSON(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_paper_document_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_paper_organisation_id")),
        sa.UniqueConstraint("document_id", name=op.f("uq_paper_document_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_paper_uid")),
    )
    op.create_index("ix_paper_org_path", "paper", ["org_path"])
    op.create_index("ix_paper_organisation_id", "paper", ["organisation_id"])
    protect("paper")
    freeze("paper", ("document_id", "content_sha256"))  # sealed again when keys rotate, with the same digest


def downgrade() -> None:
    # A paper that is not printed yet would be lost: start the workers and wait until none is queued.
    op.drop_table("paper")
