"""Mails that reached nobody are found among millions that did."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1930"
down_revision = "20261128_1840"
branch_labels = None
depends_on = None

_FEW = sa.text("state IN ('refused', 'given_up')")


def upgrade() -> None:
    op.create_index("ix_mail_undelivered", "mail", ["id"], postgresql_where=_FEW, sqlite_where=_FEW)


def downgrade() -> None:
    op.drop_index("ix_mail_undelivered", "mail")
