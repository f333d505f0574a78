"""a brand has an address to write from, and words of its own in mails"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0110"
down_revision = "20261129_0101"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def _of_an_organisation(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    ]


def upgrade() -> None:
    op.create_table(
        "brand_sender",
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("right_until", sa.DateTime(timezone=True)),
        sa.Column("lacks", sa.JSON(), nullable=False),
        *_of_an_organisation("brand_sender"),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_brand_sender_organisation_id")),
    )
    op.create_table(
        "mail_words",
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("opening", sa.String(600), nullable=False),
        sa.Column("closing", sa.String(600), nullable=False),
        *_of_an_organisation("mail_words"),
        sa.UniqueConstraint(
            "organisation_id", "kind", "language", name=op.f("uq_mail_words_organisation_id_kind_language")
        ),
    )
    for table in ("brand_sender", "mail_words"):
        op.create_index(f"ix_{table}_org_path", table, ["org_path"])
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        protect(table, seen_from_below=True)


def downgrade() -> None:
    op.drop_table("mail_words")
    op.drop_table("brand_sender")
