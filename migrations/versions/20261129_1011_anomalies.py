"""Runs that are not plausible wait for a person, and a silence is told once.

Revision ID: 20261129_1011
Revises: 20261129_1010
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1011"
down_revision = "20261129_1010"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
TABLE = "backup_anomaly"


def upgrade() -> None:
    count = sa.Column("anomalies", sa.Integer(), nullable=False, server_default=sa.text("0"))
    op.add_column("machine", count)
    op.add_column("machine", sa.Column("silent_told", WHEN, nullable=True))
    _see_everything()
    # Those that are silent already stand on the wall for everybody; they are not told all at once.
    op.execute("UPDATE machine SET silent_told = due_by")
    op.create_table(
        TABLE,
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("backup_run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.String(200), nullable=True),
        sa.Column("seen_at", WHEN, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=f"fk_{TABLE}_machine_id"),
        sa.ForeignKeyConstraint(["backup_run_id"], ["backup_run.id"], name=f"fk_{TABLE}_backup_run_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=f"fk_{TABLE}_organisation_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("uid", name=f"uq_{TABLE}_uid"),
    )
    for column in ("machine_id", "backup_run_id", "organisation_id", "org_path"):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    op.create_index(f"ix_{TABLE}_state", TABLE, ["state", "id"])
    protect(TABLE)


def _see_everything() -> None:
    if op.get_bind().dialect.name == "postgresql":  # the policies hold the owner back, too
        op.execute(sa.text("select set_config('app.scope', '/', true)"))


def downgrade() -> None:
    op.drop_table(TABLE)
    _see_everything()
    op.execute("UPDATE machine SET standing = 'unknown' WHERE standing = 'anomalous'")
    for column in ("silent_told", "anomalies"):
        op.drop_column("machine", column)
