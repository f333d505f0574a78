"""the legal entity that bills an organisation may be named"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2121"
down_revision = "20261128_2120"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "issuer_choice",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_issuer_choice_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_issuer_choice_organisation_id")
        ),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_issuer_choice_organisation_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_issuer_choice_uid")),
    )
    op.create_index("ix_issuer_choice_org_path", "issuer_choice", ["org_path"])
    op.create_index("ix_issuer_choice_organisation_id", "issuer_choice", ["organisation_id"])
    protect("issuer_choice", seen_from_below=True)


def downgrade() -> None:
    op.drop_table("issuer_choice")
