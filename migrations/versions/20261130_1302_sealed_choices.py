"""What a handover offers and the customer's word are sealed.

Revision ID: 20261130_1302
Revises: 20261130_1301
"""

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "20261130_1302"
down_revision = "20261130_1301"
branch_labels = None
depends_on = None

_ROWS = sa.table(
    "handover_choice",
    sa.column("id", sa.Integer),
    sa.column("uid", sa.String),
    sa.column("offered", sa.JSON),
    sa.column("word", sa.Text),
    sa.column("offered_sealed", sa.Text),
    sa.column("word_sealed", sa.Text),
)


def _each(change: Callable[[sa.Row], dict[str, object]]) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(_ROWS)).all():
        connection.execute(_ROWS.update().where(_ROWS.c.id == row.id).values(**change(row)))


def _seal(row: sa.Row) -> dict[str, object]:
    from portal.crypto.secrets import keyring

    def sealed(name: str, value: str) -> str:
        return keyring().seal(value, f"handover_choice.{name}:{row.uid}")

    word = sealed("word", row.word) if row.word else None
    return {"offered_sealed": sealed("offered", json.dumps(row.offered)), "word_sealed": word}


def _open(row: sa.Row) -> dict[str, object]:
    from portal.crypto.secrets import keyring

    def opened(name: str, value: str | None) -> str:
        return keyring().open(value, f"handover_choice.{name}:{row.uid}") if value else ""

    return {
        "offered": json.loads(opened("offered", row.offered_sealed) or "[]"),
        "word": opened("word", row.word_sealed),
    }


def upgrade() -> None:
    for name in ("offered_sealed", "word_sealed"):
        op.add_column("handover_choice", sa.Column(name, sa.Text(), nullable=True))
    _each(_seal)
    with op.batch_alter_table("handover_choice") as table:
        table.drop_column("offered")
        table.drop_column("word")


def downgrade() -> None:
    op.add_column("handover_choice", sa.Column("offered", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("handover_choice", sa.Column("word", sa.Text(), nullable=False, server_default=""))
    _each(_open)
    with op.batch_alter_table("handover_choice") as table:
        table.alter_column("offered", existing_type=sa.JSON(), server_default=None)
        table.alter_column("word", existing_type=sa.Text(), server_default=None)
        table.drop_column("offered_sealed")
        table.drop_column("word_sealed")
