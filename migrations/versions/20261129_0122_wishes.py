"""What a person declines of the notices to her, and who gets which mails of a customer."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0122"
down_revision = "20261129_0121"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("user_account", sa.Column("declined", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "mail_recipient",
        sa.Column("topic", sa.String(20), nullable=False),
        sa.Column("contact", sa.String(40)),
        sa.Column("email", sa.String(254)),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_mail_recipient_organisation_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_mail_recipient_uid")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_mail_recipient_{name}"), "mail_recipient", [name])
    protect("mail_recipient")


def downgrade() -> None:
    op.drop_table("mail_recipient")
    op.drop_column("user_account", "declined")  # in its place: a copy of the table would have no triggers
