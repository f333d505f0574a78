"""a mail has a sender's name and may be asked for again, a code knows the mail that it leaves with"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1015"
down_revision = "20261128_1010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mail") as table:
        table.add_column(sa.Column("sender", sa.String(70), nullable=True))
        table.add_column(sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("signed_link") as table:
        table.add_column(sa.Column("code_mail_uid", sa.String(16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("signed_link") as table:
        table.drop_column("code_mail_uid")
    with op.batch_alter_table("mail") as table:
        table.drop_column("again_at")
        table.drop_column("sender")
