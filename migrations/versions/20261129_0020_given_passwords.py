"""When a password was taken away by staff, and when a person chose her own."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0020"
down_revision = "20261128_2231"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("user_account", sa.Column("password_given_at", _AT, nullable=True))
    op.add_column("user_account", sa.Column("password_chosen_at", _AT, nullable=True))


def downgrade() -> None:
    op.drop_column("user_account", "password_chosen_at")
    op.drop_column("user_account", "password_given_at")
